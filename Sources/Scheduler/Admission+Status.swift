package import Messages
package import Runtime

extension StatusEvent {
    /// What is told of a session that is not published at once: Pending, or Skipped with Stash's condition. Nil for one that is.
    package init?(_ verdict: Admission.Verdict, of command: SessionCommand, now: Timestamp) {
        switch verdict {
        case .publish: return nil
        case .wait(let holder):
            let isRestore = holder.kind == .restore
            let what = "\(isRestore ? "restore" : "backup") \(holder.name) (session \(holder.id))"
            let (reason, message) =
                if let member = holder.parent, command.parent?.follows(member) ?? false {
                    ("MemberBefore", "it waits until member \(member.position) of its batch (session \(holder.id)) has ended")
                } else {
                    (isRestore ? "TargetIsRestored" : "TargetIsBackedUp", "it waits until \(what) of the same target has ended")
                }
            let condition = Condition(
                type: "TargetAvailable", status: "False", reason: reason, message: message,
                lastTransitionTime: now)
            self.init(of: command, phase: .pending, source: .announced, conditions: [condition])
        case .skip(let running):
            let message =
                "\(running.name) (session \(running.id)) of the same \(command.invoker.kind) is \(running.isBegun ? "running" : "pending")"
            let condition = Condition(
                type: "BackupSkipped", reason: "SkippedTakingNewBackup", message: message, lastTransitionTime: now)
            self.init(
                of: command, phase: .skipped, source: .scheduler, finishedAt: now, conditions: [condition], error: message)
        }
    }

    /// What is told of a session whose plan was removed while it waited.
    package init(planOfRemoved command: SessionCommand, now: Timestamp) {
        let message = "its \(command.invoker.kind) was removed while it waited for its target"
        let condition = Condition(type: "BackupSkipped", reason: "PlanRemoved", message: message, lastTransitionTime: now)
        self.init(of: command, phase: .skipped, source: .scheduler, finishedAt: now, conditions: [condition], error: message)
    }

    /// What is told of a session that has waited for longer than its timeOut allows.
    package init(tooLong command: SessionCommand, now: Timestamp) {
        let message =
            "it waited for its \(command.parent?.order == .sequential ? "turn" : "target") for longer than \(Duration.seconds(command.allowedSeconds).shortText), the timeOut of its plan; "
            + "end what holds the target (\"sheaf sessions\" lists it), or raise spec.timeOut"
        let condition = Condition(
            type: "DeadlineExceeded", reason: "WaitedForTarget", message: message, lastTransitionTime: now)
        self.init(of: command, phase: .failed, source: .scheduler, finishedAt: now, conditions: [condition], error: message)
    }
}
