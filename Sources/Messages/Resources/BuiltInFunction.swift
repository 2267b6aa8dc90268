/// The Functions that Sheaf has itself, under the names that Stash's catalog gives them; a Task or a plan may name them without a manifest.
package enum BuiltInFunction: Sendable, Hashable {
    /// `elasticsearch-backup-<version>`, and with `restore`: what a session is.
    case session(SessionKind)
    /// `update-status`: status and metrics are always told, so that it does nothing.
    case updateStatus

    /// - Parameter name: with a version, or without; `elasticsearch-backup-notify` is somebody's own.
    package init?(_ name: String) {
        if name == "update-status" {
            self = .updateStatus
            return
        }
        for kind in SessionKind.allCases {
            for engine in ["elasticsearch", "opensearch"] where name.hasPrefix("\(engine)-\(kind.rawValue)") {
                let rest = name.dropFirst("\(engine)-\(kind.rawValue)".count)
                guard rest.isEmpty || rest.hasPrefix("-") && rest.dropFirst().first?.isNumber == true else { continue }
                self = .session(kind)
                return
            }
        }
        return nil
    }

    package var sessionKind: SessionKind? {
        if case .session(let kind) = self { kind } else { nil }
    }

    /// How those of a kind are called, for sentences.
    package static func name(of kind: SessionKind) -> String { "elasticsearch-\(kind.rawValue)-<version>" }
}
