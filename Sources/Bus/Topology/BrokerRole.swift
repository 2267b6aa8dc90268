import Messages

/// What a user of the broker is for, and the least rights that this takes: RabbitMQ's patterns for names, and for routing keys of topics.
///
/// RabbitMQ asks for `write` on the queue and `read` on the exchange of a binding, and knows no difference between an exchange and a queue
/// of one name. So an outsider has queues under names that the broker chose (`amq.gen-…`) alone: nobody can declare an exchange of such a
/// name, by which a message would get into `sheaf.trigger` under a key that its user may not write. Such a queue may still name `sheaf.trigger`
/// as its dead-letter exchange, where the broker asks for no right on the key: what came that way is poison (`Delivery.requireKey`).
///
/// There is no role for systems that publish sessions themselves: a CC gets around rights on keys, and a forged `x-death` in the workers' queues
/// stops the broker's dead letters and retries. Whoever may write to `sheaf.command` is trusted as a worker is.
package enum BrokerRole: String, Sendable, CaseIterable {
    /// Declares everything, sees to dead letters, runs every command.
    case admin
    case scheduler
    case worker
    /// Another system, or a person who starts and follows sessions.
    case outsider

    package var defaultUser: String { "sheaf-\(rawValue)" }

    /// RabbitMQ's own, for its management page.
    package var tags: [String] { self == .admin ? ["management"] : [] }

    /// - Parameter schedulers: names of the Schedulers, whose reply queues the Scheduler role may read.
    package func rights(schedulers: [String]) -> BrokerRights {
        switch self {
        case .admin:
            // Replies come to a queue that the broker names.
            BrokerRights(configure: ["sheaf\\..*", own], write: ["sheaf\\..*", own, answers], read: ["sheaf\\..*", own])
        case .scheduler:
            BrokerRights(
                // What workers answer comes to a queue that the broker names, which nothing is bound to.
                configure: [own], write: [Topology.command, Topology.event, Topology.dead].map(Pattern.exactly) + [answers],
                read: ([Topology.triggerQueue] + schedulers.map(Topology.replyQueue)).map(Pattern.exactly) + [own])
        case .worker:
            BrokerRights(
                configure: [control],
                write: ([Topology.command, Topology.event, Topology.dead, Topology.control] + RetryStep.allCases.map(\.exchange))
                    .map(Pattern.exactly) + [control, answers],
                read: (WorkQueue.allCases.map(\.name) + [Topology.control]).map(Pattern.exactly) + [control])
        case .outsider:
            BrokerRights(
                configure: [own], write: [Pattern.exactly(Topology.trigger), own], read: [Pattern.exactly(Topology.event), own])
        }
    }

    /// What of the topic exchanges that it may use at all this role may use.
    ///
    /// - Parameter plans: names of the plans and restores that an outsider is held to; empty: all.
    package func topicRights(plans: [String]) -> [BrokerTopicRights] {
        guard self == .outsider else { return [] }
        let words = plans.isEmpty ? "[^.]+" : "(\(plans.map(RoutingKey.word).map(Pattern.exactly).joined(separator: "|")))"
        var asks = SessionKind.allCases.map { "trigger\\.\($0.rawValue)\\.\(words)" } + ["query\\.sessions"]
        // Neither a session's id nor a RestoreSession's own name tells what it touches, so only who may use all plans may cancel and send them.
        if plans.isEmpty {
            asks += ["trigger\\.cancel\\.[^.]+", "trigger\\.manifest\\.[^.]+", "query\\.repositories", "query\\.resources"]
        }
        let followed = "(\(SessionKind.allCases.map(\.rawValue).joined(separator: "|"))|metric)\\.\(words)\\..*"
        return [
            BrokerTopicRights(exchange: Topology.trigger, write: Pattern.any(of: asks), read: Pattern.nothing),
            BrokerTopicRights(
                exchange: Topology.event, write: Pattern.nothing, read: plans.isEmpty ? ".*" : Pattern.any(of: [followed])),
        ]
    }

    /// Queues under names that the broker chose.
    private var own: String { "amq\\.gen-.*" }
    /// The default exchange, by which answers go to the queue that a `reply_to` names.
    private var answers: String { Pattern.exactly("amq.default") }
    private var control: String { Pattern.exactly(Topology.controlQueue(of: "")) + ".*" }
}

/// Whole-name patterns of what a user may declare and delete, write to and bind, read and bind from.
package struct BrokerRights: Sendable, Equatable {
    package let configure: String
    package let write: String
    package let read: String

    init(configure: [String], write: [String], read: [String]) {
        self.configure = Pattern.any(of: configure)
        self.write = Pattern.any(of: write)
        self.read = Pattern.any(of: read)
    }
}

/// Whole-key patterns of what a user may publish to a topic exchange, and bind from it.
package struct BrokerTopicRights: Sendable, Equatable {
    package let exchange: String
    package let write: String
    package let read: String
}

/// Regular expressions as RabbitMQ reads them: found anywhere, so each is anchored.
private enum Pattern {
    static let nothing = "^$"

    static func exactly(_ name: String) -> String {
        String(name.flatMap { ".+*?()[]{}|^$\\".contains($0) ? ["\\", $0] : [$0] })
    }

    static func any(of alternatives: [String]) -> String {
        alternatives.isEmpty ? nothing : "^(\(alternatives.joined(separator: "|")))$"
    }
}
