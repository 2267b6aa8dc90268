import Messages
import Runtime
import Sessions

extension SessionEffects {
    /// - Parameter status: how the session ended; nil before its work.
    /// - Throws: `WorkerError` when the hook is to be left to another worker, or its session is over by now.
    func run(_ hook: Hook, _ slot: HookSlot, begin: BeginEntry, status: StatusEvent?) throws -> HookReport {
        let isBefore = status == nil
        guard isBefore || !endurance.finishesBlindly else {
            return HookReport(
                succeeded: false,
                message: "hook \(slot.rawValue) was not run: ending the session killed workers again and again",
                finishedAt: .now())
        }
        // The end of a session is said on `sheaf.control` too, to the hook that follows it.
        let guardian = HookGuard(
            deadline: isBefore ? begin.deadline : nil, isOurs: isOurs, isDraining: { [parts] in parts.isDraining },
            isHinted: { [parts, command] in isBefore && parts.endedSessions.take(command.id) },
            isDecided: { [journal] in isBefore ? try journal.read([.outcome])[.outcome] != nil : false })
        let runner = HookRunner(
            slot: slot, command: command, attempt: endurance.attempt + endurance.deliveries + 1, folder: parts.settings.hooks,
            limit: parts.settings.hookLimit, mask: SecretMask(of: command, in: parts.secrets))
        let place: Logger.Metadata = ["session": .string(command.id.text), "hook": .string(slot.rawValue)]
        parts.logger.info("a hook is run", metadata: place)
        let report = try runner.run(
            hook, HookSummary(command, status: status, startedAt: begin.startedAt, now: .now()), guardian)
        parts.logger.info(
            "a hook was run",
            metadata: place.merging(["succeeded": .string("\(report.succeeded)"), "result": .string(report.message)]) { $1 })
        return report
    }
}
