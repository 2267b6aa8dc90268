import Messages
import Runtime

/// The hooks around the work: one between `begin` and the plan, one between the outcome and `final` (docs/hooks.md).
///
/// What a hook did stands in the entry that follows it. A worker that dies between the two leaves no trace, and whoever goes on runs it again.
extension Handling {
    /// A message ends sooner (docs/protocol.md, "Errors").
    private static let mostClaims = 100

    private func hook(_ slot: HookSlot) -> Hook? { begin?.command?.hook(slot) }

    /// Whoever gets here has a session that has begun and no plan.
    mutating func beginWork() -> Request {
        guard let hook = hook(kind.preHook), let begin else { return makePlan() }
        state = .runningPreHook
        return .perform(.runHook(hook, kind.preHook, begin))
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
    mutating func finished(_ final: FinalEntry, now: Timestamp) -> Request {
        var final = final
        if let preHook = plan?.preHook ?? preHook {
            final.status.conditions.append(preHook.condition(of: kind.preHook))
        }
        guard let begin, let hook = hook(kind.postHook), outcome?.isOfFailedHook != true,
            hook.runs(after: final.status.phase, retryLeft: begin.command?.retryLeft)
        else { return putFinal(final) }
        return claimHook(0, final, now: now)
    }

    /// Claims stand one behind the other; each is put when the one before it was in vain.
    private mutating func claimHook(_ number: Int, _ final: FinalEntry, now: Timestamp) -> Request {
        guard number < Self.mostClaims else {
            let report = HookReport(
                succeeded: false, message: "hook \(kind.postHook.rawValue) was begun \(number) times, and never came to an end",
                finishedAt: now)
            return postHookRan(report, final)
        }
        state = .claimingHook(final, number: number)
        let entry = ClaimEntry(
            nonce: nonce, holder: claimant.message, claimedAt: now, until: now + .seconds(claimant.patience.seconds))
        return .put(.claim(number), .claim(entry))
    }

    mutating func claimPut(_ put: EntryPut, _ number: Int, _ final: FinalEntry, now: Timestamp) -> Request {
        guard case .existing(.claim(let claim)) = put else {
            state = .rereadingFinal(final, number: number)
            return .read([.final])
        }
        let isItsOwn = claim.holder == claimant.message && !isFresh
        if isItsOwn || now > claim.until { return claimHook(number + 1, final, now: now) }
        // The holder's message comes again if its worker dies. Whoever asked for the session's end is to hear of it.
        if case .unit = subject { return acknowledge() }
        return settle(.retryLater("another worker runs the hook after the session"))
    }

    /// An end that came between two looks has its hook behind it.
    mutating func finalReread(_ entries: [EntryName: Entry], _ number: Int, _ final: FinalEntry) -> Request {
        if case .final(let standing)? = entries[.final] { return endAsOther(standing) }
        guard let begin, let hook = hook(kind.postHook) else { return putFinal(final) }
        state = .runningPostHook(final)
        return .perform(.runHook(hook, kind.postHook, begin, HookEnd(final.status, attempt: number + 1)))
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
