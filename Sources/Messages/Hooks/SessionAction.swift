/// What is run before or after the work of a session: a hook, or a step of its Task with a Function of somebody's own (docs/functions.md).
package enum SessionAction: Sendable, Equatable {
    case hook(Hook, HookSlot)
    case step(SessionTask.Step, task: String)

    /// The type of the condition that says what came of a step.
    package static let stepCondition = "FunctionExecutionSucceeded"

    package static func stepReason(succeeded: Bool) -> String {
        succeeded ? "SuccessfullyExecutedFunction" : "FailedToExecuteFunction"
    }

    /// What it is called in errors.
    package var title: String {
        switch self {
        case .hook(_, let slot): "hook \(slot.rawValue)"
        case .step(let step, let task): "step \(step.number) (Function \(step.function)) of Task \(task)"
        }
    }

    package var condition: String {
        switch self {
        case .hook(_, let slot): slot.condition
        case .step: Self.stepCondition
        }
    }

    package func reason(succeeded: Bool) -> String {
        switch self {
        case .hook(_, let slot): slot.reason(succeeded: succeeded)
        case .step: Self.stepReason(succeeded: succeeded)
        }
    }

    /// What a worker runs: a step is a program as a hook's.
    package var hook: Hook {
        switch self {
        case .hook(let hook, _): return hook
        case .step(let step, _):
            var hook = Hook()
            hook.exec = Hook.Exec(command: step.command)
            return hook
        }
    }
}

extension SessionCommand {
    /// In their order: the hook, then the steps that stand before the built-in one.
    package var actionsBefore: [SessionAction] {
        (hook(kind.preHook).map { [.hook($0, kind.preHook)] } ?? []) + steps { $0.before }
    }

    /// What runs next after the work, nil when nothing is left: the steps behind the built-in one as long as the session has succeeded, then
    /// the hook as its policy says.
    ///
    /// - Parameters:
    ///   - last: what was run; nil: nothing yet.
    ///   - phase: of the session, with what `last` did to it.
    package func actionAfter(_ last: SessionAction?, phase: Phase) -> SessionAction? {
        if case .hook? = last { return nil }
        let steps = phase == .succeeded ? steps { $0.after } : []
        let next = last.flatMap { steps.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
        if next < steps.count { return steps[next] }
        guard let hook = hook(kind.postHook), hook.runs(after: phase, retryLeft: retryLeft) else { return nil }
        return .hook(hook, kind.postHook)
    }

    /// The most that may run after the work.
    package var actionsAfter: Int { (task?.after.count ?? 0) + 1 }

    private func steps(_ side: (SessionTask) -> [SessionTask.Step]) -> [SessionAction] {
        guard let task else { return [] }
        return side(task).map { .step($0, task: task.name) }
    }
}
