package import Messages

/// Routing keys. A plan's name is one word of a key, so its dots become dashes.
package enum RoutingKey {
    package static func session(_ kind: SessionKind, plan: String) -> String { "session.\(kind.rawValue).\(word(plan))" }

    package static func unit(_ kind: SessionKind, plan: String) -> String { "unit.\(kind.rawValue).\(word(plan))" }

    /// Asks a Scheduler to start a session.
    package static func trigger(_ kind: SessionKind, plan: String) -> String { "trigger.\(kind.rawValue).\(word(plan))" }

    package static func status(_ kind: SessionKind, plan: String, phase: Phase) -> String {
        "\(kind.rawValue).\(word(plan)).\(phase.rawValue.lowercased())"
    }

    package static func progress(_ kind: SessionKind, plan: String) -> String { "\(kind.rawValue).\(word(plan)).progress" }

    package static func metric(plan: String, name: String) -> String { "metric.\(word(plan)).\(word(name))" }

    /// All events of one plan.
    package static func events(_ kind: SessionKind, plan: String) -> String { "\(kind.rawValue).\(word(plan)).#" }

    private static func word(_ text: String) -> String {
        String(text.prefix(120).map { $0 == "." || $0 == "*" || $0 == "#" ? "-" : $0 })
    }
}
