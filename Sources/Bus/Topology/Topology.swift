/// Every exchange, queue and binding that Sheaf uses: the one place where their names and arguments are written.
///
/// `sheaf topology apply` declares it; the programs check it. Arguments can never change under the same name, since RabbitMQ
/// refuses a second declaration that differs.
package struct Topology: Sendable, Equatable {
    package enum ExchangeKind: String, Sendable {
        case topic
        case fanout
    }

    package struct Exchange: Sendable, Equatable {
        package var name: String
        package var kind: ExchangeKind
    }

    package enum Argument: Sendable, Equatable {
        case text(String)
        case number(Int)
    }

    package struct Queue: Sendable, Equatable {
        package var name: String
        package var arguments: [String: Argument]
    }

    package struct Binding: Sendable, Equatable {
        package var exchange: String
        package var queue: String
        package var key: String
    }

    package var exchanges: [Exchange]
    package var queues: [Queue]
    package var bindings: [Binding]

    /// - Parameter schedulers: names of the Schedulers; each has a reply queue of its own, since two on one would each see half.
    package init(schedulers: [String] = [Topology.defaultScheduler]) {
        exchanges = [
            Exchange(name: Topology.command, kind: .topic), Exchange(name: Topology.trigger, kind: .topic),
            Exchange(name: Topology.event, kind: .topic), Exchange(name: Topology.control, kind: .fanout),
            Exchange(name: Topology.dead, kind: .topic),
        ]
        exchanges += RetryStep.allCases.map { Exchange(name: $0.exchange, kind: .fanout) }

        queues = WorkQueue.allCases.map { Queue(name: $0.name, arguments: $0.arguments) }
        queues += [
            Queue(name: Topology.triggerQueue, arguments: Topology.outsideArguments),
            Queue(name: Topology.dead, arguments: Topology.deadArguments),
        ]
        queues += RetryStep.allCases.map { Queue(name: $0.exchange, arguments: $0.arguments) }
        queues += schedulers.map(Topology.replyQueue).map { Queue(name: $0, arguments: Topology.replyArguments) }

        bindings = WorkQueue.allCases.flatMap { queue in
            queue.bindings.map { Binding(exchange: $0.exchange, queue: queue.name, key: $0.key) }
        }
        bindings += [
            Binding(exchange: Topology.trigger, queue: Topology.triggerQueue, key: "#"),
            Binding(exchange: Topology.dead, queue: Topology.dead, key: "#"),
        ]
        bindings += RetryStep.allCases.map { Binding(exchange: $0.exchange, queue: $0.exchange, key: "") }
        // Besides all events every session message, whoever published it: the Scheduler that outlives another can rescue its sessions.
        bindings += schedulers.map(Topology.replyQueue).flatMap { queue in
            [(Topology.event, "#"), (Topology.command, "session.backup.#"), (Topology.command, "session.restore.#")]
                .map { Binding(exchange: $0, queue: queue, key: $1) }
        }
    }

    package static let defaultScheduler = "scheduler"

    package static let command = "sheaf.command"
    package static let trigger = "sheaf.trigger"
    package static let event = "sheaf.event"
    package static let control = "sheaf.control"
    package static let dead = "sheaf.dead"

    /// Not named like its exchange: RabbitMQ grants rights by name alone, and whoever may write to the exchange could bind the queue.
    package static let triggerQueue = "sheaf.triggers"

    /// Queues that earlier versions declared.
    static let former = ["sheaf.trigger"]

    /// Bindings that earlier versions declared, by which outsiders reach a queue whose letters the broker makes.
    static let formerBindings = [Binding(exchange: Topology.trigger, queue: WorkQueue.abort.name, key: "trigger.cancel.#")]

    package static func replyQueue(of scheduler: String) -> String { "sheaf.reply.\(scheduler)" }

    /// A worker's own queue on `sheaf.control`: exclusive, gone with its connection.
    package static func controlQueue(of worker: String) -> String { "sheaf.control.\(worker)" }

    /// What every queue that holds work is declared with (docs/protocol.md says why each).
    static let workArguments: [String: Argument] = [
        "x-queue-type": .text("quorum"),
        "x-delivery-limit": .number(20),
        "x-dead-letter-exchange": .text(Topology.dead),
        "x-dead-letter-strategy": .text("at-least-once"),
        "x-overflow": .text("reject-publish"),
        "x-consumer-timeout": .number(21_600_000),
    ]

    /// For the queue that holds messages of its own exchange's: its own letters must not come back to it under their keys.
    static func argumentsWithoutReturn(of queue: String) -> [String: Argument] {
        workArguments.merging(["x-dead-letter-routing-key": .text("poison.\(queue)")]) { $1 }
    }

    /// For queues that outsiders reach.
    ///
    /// The broker makes no dead letters of these. It crashes over an `x-death` that a sender forged: at-least-once until no queue of the node
    /// gives anything up any more and no retry comes back, at-most-once until the queue is down; and the keys of a message's CC would bring its
    /// letter to `sheaf.session.abort`. Their readers publish what they cannot handle.
    static let outsideArguments: [String: Argument] = [
        "x-queue-type": .text("quorum"),
        "x-delivery-limit": .number(20),
        "x-max-length": .number(100_000),
        "x-overflow": .text("reject-publish"),
        "x-consumer-timeout": .number(21_600_000),
    ]

    /// For a Scheduler's copies of events and sessions. Its ledger is a projection, so that a queue whose Scheduler is gone for good drops the
    /// oldest; without letters, or these would drive all others out of `sheaf.dead`.
    static let replyArguments: [String: Argument] = [
        "x-queue-type": .text("quorum"),
        "x-delivery-limit": .number(20),
        "x-max-length": .number(1_000_000),
        "x-overflow": .text("drop-head"),
        "x-consumer-timeout": .number(21_600_000),
    ]

    /// Whether the broker makes a dead letter of what a reader of that queue rejects.
    package static func isGivenUpByBroker(_ queue: String) -> Bool {
        WorkQueue.allCases.contains { $0.name == queue && $0.arguments["x-dead-letter-exchange"] != nil }
    }

    /// Looking at the letters gives each back, which counts as a delivery in vain. Without a limit a letter would go to the queue's end each
    /// time, RabbitMQ 4 sets 20 by itself, and 3.10 takes -1 for a limit and drops the letter at once: so there is one that nobody reaches.
    static let deadArguments: [String: Argument] = [
        "x-queue-type": .text("quorum"), "x-max-length": .number(100_000), "x-max-length-bytes": .number(1 << 30),
        "x-overflow": .text("drop-head"), "x-delivery-limit": .number(1_000_000_000),
    ]
}

/// A queue that workers read.
package enum WorkQueue: String, Sendable, CaseIterable {
    case backupSession = "session.backup"
    case restoreSession = "session.restore"
    case backupUnit = "unit.backup"
    case restoreUnit = "unit.restore"
    /// Cancels of Sheaf's own programs, and what was given up.
    case abort = "session.abort"
    /// Cancels of outsiders.
    case cancel = "cancel"
    case query = "query"

    package var name: String { "sheaf.\(rawValue)" }

    var arguments: [String: Topology.Argument] {
        switch self {
        case .abort: Topology.argumentsWithoutReturn(of: name)
        case .cancel: Topology.outsideArguments
        case .backupSession, .restoreSession, .backupUnit, .restoreUnit, .query: Topology.workArguments
        }
    }

    var bindings: [(exchange: String, key: String)] {
        switch self {
        case .abort:
            [
                (Topology.command, "session.cancel.#"), (Topology.dead, "session.backup.#"), (Topology.dead, "session.restore.#"),
                (Topology.dead, "unit.#"),
            ]
        case .cancel: [(Topology.trigger, "trigger.cancel.#")]
        case .query: [(Topology.command, "query.#")]
        case .backupSession, .restoreSession, .backupUnit, .restoreUnit: [(Topology.command, "\(rawValue).#")]
        }
    }
}

/// The ladder of delays: a queue whose messages expire back into `sheaf.command`, one for each delay, because a quorum queue expires
/// only at its head.
package enum RetryStep: Int, Sendable, CaseIterable {
    case tenSeconds = 10
    case oneMinute = 60
    case fiveMinutes = 300
    case thirtyMinutes = 1800
    case twoHours = 7200

    package var seconds: Int { rawValue }

    package var exchange: String {
        switch self {
        case .tenSeconds: "sheaf.retry.10s"
        case .oneMinute: "sheaf.retry.1m"
        case .fiveMinutes: "sheaf.retry.5m"
        case .thirtyMinutes: "sheaf.retry.30m"
        case .twoHours: "sheaf.retry.2h"
        }
    }

    var arguments: [String: Topology.Argument] {
        [
            "x-queue-type": .text("quorum"), "x-message-ttl": .number(seconds * 1000),
            "x-dead-letter-exchange": .text(Topology.command), "x-dead-letter-strategy": .text("at-least-once"),
            "x-overflow": .text("reject-publish"),
        ]
    }

    /// The step for the retry after `attempt` failures (1 is the first).
    package static func after(attempt: Int) -> RetryStep { allCases[min(max(attempt, 1), allCases.count) - 1] }
}
