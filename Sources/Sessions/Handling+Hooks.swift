import Messages
import Runtime

/// The hooks around the work: one between `begin` and the plan, one between the outcome and `final` (docs/hooks.md).
///
/// What a hook did stands in the entry that follows it. A worker that dies between the two leaves no trace, and whoever goes on runs it again.
extension Handling {
    private func hook(_ slot: HookSlot) -> Hook? { begin?.command?.hook(slot) }

    /// Whoever gets here has a session that has begun and no plan.
    mutating func beginWork() -> Request {
        guard let hook = hook(kind.preHook), let begin else { return makePlan() }
        state = .runningPreHook
        return .perform(.runHook(hook, kind.preHook, begin, status: nil))
    }

    mutating func preHookRan(_ report: HookReport, now: Timestamp) -> Request {
        guard report.succeeded else {
            return abort(OutcomeEntry.Abort(kind.preHook, report), now: now)
                ?? settle(.reject("a hook ran in a session that never began"))
        }
        preHook = report
        return makePlan()
    }

    private mutating func makePlan() -> Request {
        state = .planning
        return .perform(.plan)
    }

    /// The world is at rest: run the hook that its policy allows, or put the end.
    mutating func finished(_ final: FinalEntry) -> Request {
        var final = final
        if let preHook = plan?.preHook ?? preHook {
            final.status.conditions.append(preHook.condition(of: kind.preHook))
        }
        guard let begin, let hook = hook(kind.postHook), outcome?.isOfFailedHook != true,
            hook.runs(after: final.status.phase, retryLeft: begin.command?.retryLeft)
        else { return putFinal(final) }
        state = .runningPostHook(final)
        return .perform(.runHook(hook, kind.postHook, begin, status: final.status))
    }

    mutating func postHookRan(_ report: HookReport, _ final: FinalEntry) -> Request {
        var final = final
        final.status.conditions.append(report.condition(of: kind.postHook))
        final.status.finishedAt = report.finishedAt
        if !report.succeeded {
            final.status.phase = .failed
            final.status.error = [final.status.error, report.message].compactMap { $0 }.joined(separator: "; then: ")
        }
        return putFinal(final)
    }

    private mutating func putFinal(_ final: FinalEntry) -> Request {
        state = .puttingFinal(final)
        return .put(.final, .final(final))
    }
}
