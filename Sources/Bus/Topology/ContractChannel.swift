import Messages

/// A kind of routing key on an exchange, and the messages that travel under it: what a channel of docs/asyncapi.yaml is made of.
struct ContractChannel: Sendable {
    /// Its name in the document.
    var id: String
    var exchange: String
    /// The routing key, with its variable words in braces. Nil where the key means nothing (fanout) or is any other channel's (dead letters).
    var address: String?
    var summary: String
    /// Keys of that kind, each with the messages that travel under it: enough of them to tell which queues they reach.
    var samples: [(key: String, messages: [MessageType])]

    var messages: [MessageType] { MessageType.allCases.filter { type in samples.contains { $0.messages.contains(type) } } }

    /// The variable words of the address.
    var parameters: [Parameter] { address.map { Parameter.all(in: $0) } ?? [] }

    /// - Parameter keys: the address with its words filled in.
    init(
        _ id: String, on exchange: String, _ address: String, _ summary: String, _ keys: [(key: String, messages: [MessageType])]
    ) {
        self.id = id
        self.exchange = exchange
        self.address = address
        self.summary = summary
        samples = keys
    }

    private init(_ id: String, on exchange: String, _ summary: String, samples: [(key: String, messages: [MessageType])]) {
        self.id = id
        self.exchange = exchange
        self.summary = summary
        self.samples = samples
    }

    /// Every kind of key that Sheaf's programs and outside systems publish under.
    static let keyed: [ContractChannel] = {
        let kinds = SessionKind.allCases
        let session = "4f0c9a3d2b1e8f7a"
        return [
            ContractChannel(
                "trigger", on: Topology.trigger, "trigger.{kind}.{plan}", "Start a session of a plan.",
                kinds.map { (RoutingKey.trigger($0, plan: "p"), [.trigger]) }),
            ContractChannel(
                "triggerManifest", on: Topology.trigger, "trigger.manifest.{plan}",
                "Start a session of the RestoreSession that the message carries.",
                [(RoutingKey.triggerManifest("p"), [.trigger])]),
            ContractChannel(
                "triggerCancel", on: Topology.trigger, "trigger.cancel.{session}",
                "End a session. The message names it alone, without its command.",
                [("trigger.cancel.\(session)", [.cancel])]),
            ContractChannel(
                "apply", on: Topology.trigger, RoutingKey.apply, "Hand manifests to a Scheduler.", [(RoutingKey.apply, [.apply])]),
            ContractChannel(
                "schedulerQuery", on: Topology.trigger, "query.{what}", "Ask a Scheduler.",
                ["query.sessions", "query.repositories", "query.resources", "query.ledger"].map { ($0, [.query]) }),
            ContractChannel(
                "session", on: Topology.command, "session.{kind}.{plan}", "One backup or restore, for the workers.",
                [
                    (RoutingKey.session(.backup, plan: "p"), [.backupSession]),
                    (RoutingKey.session(.restore, plan: "p"), [.restoreSession]),
                ]),
            ContractChannel(
                "sessionCancel", on: Topology.command, "session.cancel.{session}",
                "End a session. The message may carry the session's own, for one that no worker has begun.",
                [("session.cancel.\(session)", [.cancel])]),
            ContractChannel(
                "unit", on: Topology.command, "unit.{kind}.{plan}", "A slice's next minutes. Workers alone publish here.",
                kinds.map { (RoutingKey.unit($0, plan: "p"), [.unit]) }),
            ContractChannel(
                "workerQuery", on: Topology.command, "query.{what}",
                "Ask the workers what a repository holds, what a restore would do, how a cluster fares.",
                ["query.snapshots", "query.plans", "query.checks", "query.finals"].map { ($0, [.query]) }),
            ContractChannel(
                "status", on: Topology.event, "{kind}.{plan}.{phase}", "Where a session stands.",
                kinds.flatMap { kind in
                    Phase.allCases.map { (RoutingKey.status(kind, plan: "p", phase: $0), [.status]) }
                }),
            ContractChannel(
                "progress", on: Topology.event, "{kind}.{plan}.progress", "How far a unit is. Unconfirmed: some may be missing.",
                kinds.map { (RoutingKey.progress($0, plan: "p"), [.progress]) }),
            ContractChannel(
                "metric", on: Topology.event, "metric.{plan}.{name}", "One measurement. Unconfirmed: some may be missing.",
                [(RoutingKey.metric(plan: "p", name: "sheaf_unit_seconds"), [.metric])]),
            ContractChannel(
                "repository", on: Topology.event, "repository.{repository}",
                "How a Repository is, after each backup that has committed. Unconfirmed: some may be missing.",
                [(RoutingKey.repository("r"), [.repository])]),
            ContractChannel(
                "heartbeat", on: Topology.event, "worker.{sender}",
                "That a worker is alive, every 30 seconds. Unconfirmed: some may be missing.",
                [(RoutingKey.worker("w"), [.heartbeat])]),
        ]
    }()

    /// An exchange whose messages keep the key they had elsewhere: retries, dead letters.
    static func unkeyed(_ exchange: Topology.Exchange) -> ContractChannel {
        let commands = keyed.filter { $0.exchange == Topology.command }.flatMap(\.samples)
        switch exchange.name {
        case Topology.control:
            return ContractChannel(
                "control", on: exchange.name, "Hints to all workers at once. Unconfirmed.", samples: [("", [.control])])
        case Topology.dead:
            return ContractChannel(
                "dead", on: exchange.name,
                "What was given up: under its own key by the broker, or under poison.<queue> with the reason in sheaf-last-error.",
                samples: keyed.flatMap(\.samples) + [("poison.\(Topology.trigger)", MessageType.allCases)])
        case let name where RetryStep.allCases.contains { $0.exchange == name }:
            return ContractChannel(
                ChannelName.words(name), on: name, "To the retry queue of this name. Workers alone publish here.",
                samples: commands)
        default:
            return ContractChannel(
                ChannelName.words(exchange.name), on: exchange.name, "Messages that keep the key they were published with.",
                samples: keyed.flatMap(\.samples))
        }
    }
}

extension ContractChannel {
    /// A variable word of an address.
    struct Parameter: Sendable {
        var name: String
        var description: String
        /// All it can be; empty when that is open.
        var values: [String] = []

        private static let known: [Parameter] = [
            Parameter(name: "kind", description: "What the session does.", values: SessionKind.allCases.map(\.rawValue)),
            Parameter(
                name: "plan",
                description:
                    "Name of the plan: its first 120 bytes, a dash for each that is no ASCII letter, digit or underscore."),
            Parameter(name: "session", description: "Id of the session."),
            Parameter(
                name: "phase", description: "The phase of the event, in lower case.",
                values: Phase.allCases.map { $0.rawValue.lowercased() }),
            Parameter(name: "name", description: "Name of the metric."),
            Parameter(name: "repository", description: "Name of the Repository, changed as that of a plan."),
            Parameter(name: "sender", description: "Name of the worker (--name), changed as that of a plan."),
            Parameter(
                name: "what", description: "What is asked for.",
                values: ["sessions", "repositories", "resources", "snapshots", "plans", "checks", "finals", "ledger"]),
            Parameter(name: "scheduler", description: "Name of the Scheduler (--name)."),
            Parameter(name: "worker", description: "Name of the worker (--name) and a random number."),
        ]

        static func all(in address: String) -> [Parameter] { known.filter { address.contains("{\($0.name)}") } }
    }
}

/// How names of exchanges and queues become names in the document.
enum ChannelName {
    /// `sheaf.retry.10s` is `retry10s`; words in braces are left out.
    static func words(_ name: String) -> String {
        let words = name.split { $0 == "." || $0 == "-" }.drop { $0 == "sheaf" }.filter { !$0.hasPrefix("{") }
        return words.enumerated().map { $0 == 0 ? String($1) : $1.prefix(1).uppercased() + $1.dropFirst() }.joined()
    }
}
