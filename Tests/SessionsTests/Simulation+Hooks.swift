import Messages
import Runtime

@testable import Sessions

extension Simulation {
    struct HookRun {
        var action: SessionAction
        var succeeded: Bool
        /// Of the hook after the work.
        var attempt: Int?
        var status: StatusEvent?
        var hadPlan: Bool
        var hadOutcome: Bool
        var hadFinal: Bool
    }

    mutating func run(_ action: SessionAction, _ end: Handling.HookEnd?) -> HookReport {
        let succeeded = !random.chance(faults.failingHook)
        hookRuns.append(
            HookRun(
                action: action, succeeded: succeeded, attempt: end?.attempt, status: end?.status, hadPlan: journal[.plan] != nil,
                hadOutcome: journal[.outcome] != nil, hadFinal: journal[.final] != nil))
        return HookReport(succeeded: succeeded, message: "\(action.title) \(hookRuns.count)", finishedAt: clock)
    }

    func runs(_ slot: HookSlot) -> [HookRun] { hookRuns.filter { $0.action.slot == slot } }

    /// Of the Task's steps, before the work or after it.
    func stepRuns(isBefore: Bool) -> [HookRun] { hookRuns.filter { $0.action.slot == nil && ($0.status == nil) == isBefore } }
}

extension SessionAction {
    /// Nil for a step.
    var slot: HookSlot? { if case .hook(_, let slot) = self { slot } else { nil } }
}

extension SessionCommand {
    /// With a hook before and one after it.
    static func hooked(
        _ kind: SessionKind, policy: Hook.ExecutionPolicy? = nil, retryLeft: Int? = nil, hasSteps: Bool = false
    ) -> SessionCommand {
        var command = SessionCommand.simulated(kind: kind)
        if hasSteps { command.task = .surrounding }
        command.retryLeft = retryLeft
        var before = Hook()
        before.exec = Hook.Exec(command: ["before"])
        var after = Hook()
        after.exec = Hook.Exec(command: ["after"])
        after.executionPolicy = policy
        switch kind {
        case .backup:
            var spec = BackupConfiguration.Spec(
                target: .init(ref: TargetRef(name: "t")), repository: ObjectReference(name: "r"))
            spec.hooks = .init(preBackup: before, postBackup: after)
            command.configuration = BackupConfiguration(metadata: ObjectMeta(name: "b"), spec: spec)
        case .restore:
            var spec = RestoreSession.Spec(target: .init(ref: TargetRef(name: "t")), repository: ObjectReference(name: "r"))
            spec.hooks = .init(preRestore: before, postRestore: after)
            command.restore = RestoreSession(metadata: ObjectMeta(name: "b"), spec: spec)
        }
        return command
    }
}

extension SessionTask {
    /// Two steps before the built-in one, and two after it.
    static var surrounding: SessionTask {
        func step(_ number: Int) -> Step { Step(number: number, function: "f\(number)", command: ["f\(number)"]) }
        return SessionTask(name: "around", before: [step(1), step(2)], after: [step(4), step(5)])
    }
}
