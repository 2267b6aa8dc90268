package import Runtime

/// What templates of hooks can say about a session: Stash's Summary.
package struct HookSummary: Sendable, Equatable {
    /// What a template may name behind its dot.
    package enum Field: String, Sendable, CaseIterable {
        case name = "Name"
        case namespace = "Namespace"
        case invokerGroup = "Invoker.APIGroup"
        case invokerKind = "Invoker.Kind"
        case invokerName = "Invoker.Name"
        case targetVersion = "Target.APIVersion"
        case targetKind = "Target.Kind"
        case targetName = "Target.Name"
        case targetNamespace = "Target.Namespace"
        case phase = "Status.Phase"
        case duration = "Status.Duration"
        case error = "Status.Error"
        case retryLeft = "RetryLeft"
    }

    private let command: SessionCommand
    private let phase: Phase
    private let error: String
    private let seconds: Int

    /// - Parameters:
    ///   - status: the session's end; nil before its work, which counts as Running.
    ///   - startedAt: when the session began.
    package init(_ command: SessionCommand, status: StatusEvent?, startedAt: Timestamp, now: Timestamp) {
        self.command = command
        phase = status?.phase ?? .running
        error = status?.error ?? ""
        seconds = max(0, Int((now - startedAt).seconds.rounded()))
    }

    package subscript(field: Field) -> HookTemplate.Value {
        switch field {
        case .name: .text(command.name)
        case .namespace: .text(command.namespace)
        case .invokerGroup: .text("stash.appscode.com")
        case .invokerKind: .text(command.invoker.kind)
        case .invokerName: .text(command.invoker.name)
        case .targetVersion: .text(AppBinding.kind.apiVersion)
        case .targetKind: .text(AppBinding.kind.rawValue)
        case .targetName: .text(command.target.metadata.name)
        case .targetNamespace: .text(command.target.metadata.namespace)
        case .phase: .text(phase.rawValue)
        case .duration: .text(Self.duration(seconds))
        case .error: .text(error)
        case .retryLeft: .number(command.retryLeft ?? 0)
        }
    }

    /// As Go writes a duration of whole seconds: `45s`, `1m2s`, `1h0m5s`.
    private static func duration(_ seconds: Int) -> String {
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let tail = "\(seconds % 60)s"
        if hours > 0 { return "\(hours)h\(minutes)m\(tail)" }
        return minutes > 0 ? "\(minutes)m\(tail)" : tail
    }
}
