package import Messages

/// Routing keys: at most 255 bytes (AMQP 0-9-1, shortstr), whatever names a message carries.
package enum RoutingKey {
    package static func session(_ kind: SessionKind, plan: String) -> String { "session.\(kind.rawValue).\(word(plan))" }

    package static func unit(_ kind: SessionKind, plan: String) -> String { "unit.\(kind.rawValue).\(word(plan))" }

    /// Asks a Scheduler to start a session.
    package static func trigger(_ kind: SessionKind, plan: String) -> String { "trigger.\(kind.rawValue).\(word(plan))" }

    /// Asks a Scheduler to start a session of a RestoreSession that the message carries whole. Not the key of one of that name among the
    /// Scheduler's resources: who may ask for that one may not restore whatever he likes under its name.
    package static func triggerManifest(_ name: String) -> String { "trigger.manifest.\(word(name))" }

    /// Hands manifests to a Scheduler.
    package static let apply = "apply"

    /// Asks the workers to end a session.
    package static func cancel(_ session: SessionID) -> String { "session.cancel.\(session)" }

    /// Asks a Scheduler and the workers to end a session.
    package static func triggerCancel(_ session: SessionID) -> String { "trigger.cancel.\(session)" }

    package static func status(_ kind: SessionKind, plan: String, phase: Phase) -> String {
        "\(kind.rawValue).\(word(plan)).\(phase.rawValue.lowercased())"
    }

    package static func progress(_ kind: SessionKind, plan: String) -> String { "\(kind.rawValue).\(word(plan)).progress" }

    package static func metric(plan: String, name: String) -> String { "metric.\(word(plan)).\(word(name))" }

    /// How a Repository is.
    package static func repository(_ name: String) -> String { "repository.\(word(name))" }

    /// A worker's signs of life.
    package static func worker(_ name: String) -> String { "worker.\(word(name))" }

    /// The ends of all sessions.
    package static let endings = SessionKind.allCases.flatMap { kind in
        Phase.allCases.filter(\.isFinal).map { "\(kind.rawValue).*.\($0.rawValue.lowercased())" }
    }

    /// All events of one plan.
    package static func events(_ kind: SessionKind, plan: String) -> String { "\(kind.rawValue).\(word(plan)).#" }

    /// One word of a key: 120 bytes at most, with a dash for each byte that is no letter, digit, dash or underscore.
    static func word(_ text: String) -> String {
        String(
            text.utf8.prefix(120).map { byte -> Character in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"):
                    Character(UnicodeScalar(byte))
                default: "-"
                }
            })
    }
}

extension Trigger.Subject {
    package var routingKey: String {
        switch self {
        case .backup(_, let name): RoutingKey.trigger(.backup, plan: name)
        case .restore(let restore): RoutingKey.triggerManifest(restore.metadata.name)
        case .restoreSession(_, let name): RoutingKey.trigger(.restore, plan: name)
        }
    }
}

extension Query {
    package var routingKey: String {
        switch self {
        case .sessions: "query.sessions"
        case .repositories: "query.repositories"
        case .snapshots, .snapshot: "query.snapshots"
        case .restorePlan: "query.plans"
        case .check: "query.checks"
        case .resources: "query.resources"
        case .finals: "query.finals"
        case .rebuildLedger: "query.ledger"
        }
    }
}
