/// When a hook runs; the raw value is its field in the manifest.
package enum HookSlot: String, Sendable, Equatable, CaseIterable {
    case preBackup
    case postBackup
    case preRestore
    case postRestore

    /// `preBackup` as Stash's conditions write it.
    private var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

    /// Stash's type of the condition that says what came of it.
    package var condition: String { "\(title)HookExecutionSucceeded" }

    /// Stash's reason of that condition.
    package func reason(succeeded: Bool) -> String { "\(succeeded ? "SuccessfullyExecuted" : "FailedToExecute")\(title)Hook" }
}

extension SessionKind {
    /// The hook before the work.
    package var preHook: HookSlot { self == .backup ? .preBackup : .preRestore }
    /// The hook after it.
    package var postHook: HookSlot { self == .backup ? .postBackup : .postRestore }
}

extension SessionCommand {
    package func hook(_ slot: HookSlot) -> Hook? {
        switch slot {
        case .preBackup: configuration?.spec.hooks?.preBackup
        case .postBackup: configuration?.spec.hooks?.postBackup
        case .preRestore: restore?.spec.hooks?.preRestore
        case .postRestore: restore?.spec.hooks?.postRestore
        }
    }
}

extension Hook {
    /// Whether a post hook runs after a session that ended so.
    ///
    /// - Parameter retryLeft: how often the session will be tried again; nil counts as 0.
    package func runs(after phase: Phase, retryLeft: Int?) -> Bool {
        switch executionPolicy ?? .always {
        case .always: true
        case .onSuccess: phase == .succeeded
        case .onFailure: phase == .failed
        case .onFinalRetryFailure: phase == .failed && (retryLeft ?? 0) <= 0
        }
    }
}
