import Messages
import Runtime

@testable import Sessions

extension Simulation {
    struct HookRun {
        var slot: HookSlot
        var succeeded: Bool
        /// Of the hook after the work.
        var attempt: Int?
        var status: StatusEvent?
        var hadPlan: Bool
        var hadOutcome: Bool
        var hadFinal: Bool
    }

    mutating func run(_ slot: HookSlot, _ end: Handling.HookEnd?) -> HookReport {
        let succeeded = !random.chance(faults.failingHook)
        hookRuns.append(
            HookRun(
                slot: slot, succeeded: succeeded, attempt: end?.attempt, status: end?.status, hadPlan: journal[.plan] != nil,
                hadOutcome: journal[.outcome] != nil, hadFinal: journal[.final] != nil))
        return HookReport(succeeded: succeeded, message: "hook \(slot) \(hookRuns.count)", finishedAt: clock)
    }

    func runs(_ slot: HookSlot) -> [HookRun] { hookRuns.filter { $0.slot == slot } }
}

extension SessionCommand {
    /// With a hook before and one after it.
    static func hooked(_ kind: SessionKind, policy: Hook.ExecutionPolicy? = nil, retryLeft: Int? = nil) -> SessionCommand {
        var command = SessionCommand.simulated(kind: kind)
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
