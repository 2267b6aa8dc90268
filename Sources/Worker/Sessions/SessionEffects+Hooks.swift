import Messages
import Runtime
import Sessions

extension SessionEffects {
    /// - Parameter end: what the session came to; nil before its work.
    /// - Throws: `WorkerError` when it is to be left to another worker, or its session is over by now.
    func run(_ action: SessionAction, begin: BeginEntry, _ end: Handling.HookEnd?) throws -> HookReport {
        let isBefore = end == nil
        guard isBefore || !endurance.finishesBlindly else {
            return HookReport(
                succeeded: false,
                message: "\(action.title) was not run: ending the session killed workers again and again",
                finishedAt: .now())
        }
        // The end of a session is said on `sheaf.control` too, to what follows it.
        let guardian = isBefore ? guardian(until: begin.deadline) : guardian(until: nil, looks: false)
        let runner = HookRunner(
            action: action, command: command, attempt: end?.attempt ?? endurance.attempt + endurance.deliveries + 1,
            folder: parts.settings.hooks,
            limit: parts.settings.hookLimit, mask: SecretMask(of: command, in: parts.secrets))
        let place: Logger.Metadata = ["session": .string(command.id.text), "action": .string(action.title)]
        parts.logger.info("a hook or a step is run", metadata: place)
        let report: HookReport
        do {
            report = try runner.run(
                HookSummary(command, status: end?.status, startedAt: begin.startedAt, now: .now()), guardian)
        } catch let error as WorkerError where error.code == .missingHere && endurance.attempt + 1 >= parts.settings.attempts {
            // No worker had it. What a session's end waits for, the cluster, is another matter, and tried for longer.
            report = HookReport(
                succeeded: false, message: "\(action.title) failed: \(error.message)", finishedAt: .now())
        }
        parts.logger.info(
            "a hook or a step was run",
            metadata: place.merging(["succeeded": .string("\(report.succeeded)"), "result": .string(report.message)]) { $1 })
        return report
    }
}
