import Messages
import Runtime

/// What is run around the work: a hook and steps between `begin` and the plan, steps and a hook between the outcome and `final`
/// (docs/hooks.md, docs/functions.md).
///
/// What they did stands in the entry that follows them. A worker that dies before it leaves no trace, and whoever goes on runs them again.
extension Handling {
    /// A message ends sooner (docs/protocol.md, "Errors").
    private static let mostClaims = 100

    /// Whoever gets here has a session that has begun and no plan.
    mutating func beginWork() -> Request { runBefore(0) }

    private mutating func runBefore(_ number: Int) -> Request {
        guard let begin, let actions = begin.command?.actionsBefore, number < actions.count else {
            state = .planning
            return .perform(.plan)
        }
        state = .runningBefore(number)
        return .perform(.run(actions[number], begin))
    }

    mutating func ranBefore(_ report: HookReport, _ number: Int, now: Timestamp) -> Request {
        guard let actions = begin?.command?.actionsBefore, number < actions.count else {
            return settle(.reject("something was run before a session that never began"))
        }
        guard report.succeeded else {
            return abort(OutcomeEntry.Abort(actions[number], report), now: now)
                ?? settle(.reject("something was run before a session that never began"))
        }
        switch actions[number] {
        case .hook: preHook = report
        case .step: preSteps.append(report)
        }
        return runBefore(number + 1)
    }

    /// The world is at rest: run what follows the session, or put the end.
    mutating func finished(_ final: FinalEntry, now: Timestamp) -> Request {
        var final = final
        if let preHook = plan?.preHook ?? preHook {
            final.status.conditions.append(preHook.condition(of: kind.preHook))
        }
        final.status.conditions += (plan?.preSteps ?? preSteps).map(\.conditionOfStep)
        guard nextAction(after: nil, final) != nil else { return putFinal(final) }
        return claimActions(0, final, now: now)
    }

    private func nextAction(after last: SessionAction?, _ final: FinalEntry) -> SessionAction? {
        guard outcome?.isOfFailedHook != true else { return nil }
        return begin?.command?.actionAfter(last, phase: final.status.phase)
    }

    /// Claims stand one behind the other; each is put when the one before it was in vain.
    private mutating func claimActions(_ number: Int, _ final: FinalEntry, now: Timestamp) -> Request {
        guard number < Self.mostClaims else {
            guard let action = nextAction(after: nil, final) else { return putFinal(final) }
            let report = HookReport(
                succeeded: false, message: "\(action.title) was begun \(number) times, and never came to an end", finishedAt: now)
            return putFinal(final.telling(report, of: action))
        }
        state = .claimingActions(final, number: number)
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
        if isItsOwn || now > claim.until { return claimActions(number + 1, final, now: now) }
        // The holder's message comes again if its worker dies. Whoever asked for the session's end is to hear of it.
        if case .unit = subject { return acknowledge() }
        return settle(.retryLater("another worker runs what follows the session"))
    }

    /// An end that came between two looks has its hook behind it.
    mutating func finalReread(_ entries: [EntryName: Entry], _ number: Int, _ final: FinalEntry) -> Request {
        if case .final(let standing)? = entries[.final] { return endAsOther(standing) }
        return runAfter(nil, final, attempt: number + 1)
    }

    private mutating func runAfter(_ last: SessionAction?, _ final: FinalEntry, attempt: Int) -> Request {
        guard let begin, let action = nextAction(after: last, final) else { return putFinal(final) }
        state = .runningAfter(final, action, attempt: attempt)
        return .perform(.run(action, begin, HookEnd(final.status, attempt: attempt)))
    }

    mutating func ranAfter(_ report: HookReport, _ action: SessionAction, _ final: FinalEntry, attempt: Int) -> Request {
        runAfter(action, final.telling(report, of: action), attempt: attempt)
    }

    private mutating func putFinal(_ final: FinalEntry) -> Request {
        state = .puttingFinal(final)
        return .put(.final, .final(final))
    }
}

extension FinalEntry {
    /// The end with what was run after the work: what failed there fails the session.
    fileprivate func telling(_ report: HookReport, of action: SessionAction) -> FinalEntry {
        var final = self
        final.status.conditions.append(report.condition(of: action))
        final.status.finishedAt = report.finishedAt
        if !report.succeeded {
            final.status.phase = .failed
            final.status.error = [final.status.error, report.message].compactMap { $0 }.joined(separator: "; then: ")
        }
        return final
    }
}
