import Messages
import Runtime

/// The session message: begin, run what comes before the work, plan, start; or find out how far the session is and go on.
extension Handling {
    mutating func sessionRead(_ entries: [EntryName: Entry], _ opening: Opening, now: Timestamp) -> Request {
        remember(entries)
        if let begin, begin.digest != opening.digest { return publishLast([.identifierInUse]) }
        if let ended = endedAlready(entries) { return ended }
        if let begin {
            if let plan { return yieldIfFresh { $0.resumeOrAbort(plan, begin, now: now) } }
            return yieldIfFresh { $0.planOrAbort(begin, now: now) }
        }
        if let notAfter = opening.command.notAfter, now > notAfter { return publishLast([.expired]) }
        state = .puttingBegin
        return putBegin(opening, now: now)
    }

    private mutating func putBegin(_ opening: Opening, now: Timestamp) -> Request {
        let entry = opening.begin(nonce: nonce, now: now)
        begin = entry
        return .put(.begin, .begin(entry))
    }

    mutating func beginPut(_ put: EntryPut, now: Timestamp) -> Request {
        if case .existing(.begin(let winner)) = put {
            let mine = begin?.digest
            begin = winner
            if winner.digest != mine { return publishLast([.identifierInUse]) }
            return yieldIfFresh { $0.planOrAbort(winner, now: now) }
        }
        return beginWork()
    }

    mutating func resumeOrAbort(_ plan: PlanEntry, _ begin: BeginEntry, now: Timestamp) -> Request {
        now > begin.deadline ? exceedDeadline(now: now) : prepare(plan, resumes: true)
    }

    mutating func planOrAbort(_ begin: BeginEntry, now: Timestamp) -> Request {
        now > begin.deadline ? exceedDeadline(now: now) : beginWork()
    }

    /// A plan may take minutes: look again whether the session was ended meanwhile.
    mutating func planned(_ plan: PlanEntry) -> Request {
        var plan = plan
        plan.preHook = preHook
        plan.preSteps = preSteps.isEmpty ? nil : preSteps
        state = .rereadingOutcome(plan)
        return .read([.outcome, .plan])
    }

    mutating func outcomeReread(_ entries: [EntryName: Entry], _ plan: PlanEntry) -> Request {
        if case .outcome(let outcome)? = entries[.outcome] { return finish(outcome) }
        state = .puttingPlan(plan)
        return .put(.plan, .plan(plan))
    }

    mutating func planPut(_ put: EntryPut, _ mine: PlanEntry) -> Request {
        if case .existing(.plan(let winner)) = put {
            return yieldIfFresh { $0.prepare(winner, resumes: true) }
        }
        return prepare(mine, resumes: false)
    }

    mutating func prepare(_ plan: PlanEntry, resumes: Bool) -> Request {
        self.plan = plan
        state = .preparing(resumes: resumes)
        return .perform(.prepare(plan))
    }

    /// Publishes as many slices as the window holds, not all: fairness and the engine's limit of open points in time depend on it.
    mutating func startSlices(now: Timestamp) -> Request {
        guard let plan, let begin else { return settle(.reject("a session started without its plan")) }
        let units = SliceOrder(plan).first.map { Publication.unit(UnitPosition(slice: $0, epoch: 0, number: 0), attempt: 0) }
        let publications = [.running(plan, begin)] + units
        if plan.slices.isEmpty {
            state = .announcing
            return .publish(publications)
        }
        return publishLast(publications)
    }

    mutating func abortRead(
        _ entries: [EntryName: Entry], _ reason: OutcomeEntry.Abort, _ opening: Opening?, now: Timestamp
    ) -> Request {
        remember(entries)
        if let ended = endedAlready(entries) { return ended }
        if let request = abort(reason, now: now) { return request }
        guard let opening else { return settle(.reject("nothing is recorded of the session that was to be aborted")) }
        state = .puttingBeginToAbort(reason)
        return putBegin(opening, now: now)
    }

    /// Whoever began it, the session is to be ended.
    mutating func beginPutToAbort(_ put: EntryPut, _ reason: OutcomeEntry.Abort, now: Timestamp) -> Request {
        if case .existing(.begin(let winner)) = put { begin = winner }
        return abort(reason, now: now) ?? acknowledge()
    }

    /// What a session that is over asks of a late message; nil while it goes on.
    mutating func endedAlready(_ entries: [EntryName: Entry]) -> Request? {
        if case .outcome(let entry)? = entries[.outcome] { outcome = entry }
        if case .final(let final)? = entries[.final] { return end(.final(final), closing: leftView(in: entries)) }
        if let outcome { return end(.decided(outcome), closing: leftView(in: entries)) }
        return nil
    }

    /// Ends the handling of a session that is over. What this message may have made after the finisher looked goes first.
    mutating func end(_ end: End, closing view: ViewEntry?) -> Request {
        state = .cleaningUp(end)
        if let view { return .perform(.closeView(view)) }
        if case .final = end, let plan, mayHaveCreatedIndices { return .perform(.dropIndices(plan)) }
        return cleanedUp(end)
    }

    mutating func cleanedUp(_ end: End) -> Request {
        switch end {
        case .decided(let outcome): return finish(outcome)
        case .final(let final):
            // A delivery that is not fresh may be that of the finisher, killed between the entry and its event.
            if case .unit = subject, isFresh { return acknowledge() }
            return publishLast([.final(final)])
        }
    }

    /// A session message creates a restore's indices, and the server may carry that out at any time later. Those of a committed session
    /// stay.
    var mayHaveCreatedIndices: Bool {
        guard kind == .restore, case .session = subject, let outcome else { return false }
        return !outcome.isCommit
    }

    /// The view that a unit would read, when its slice is not done.
    private func leftView(in entries: [EntryName: Entry]) -> ViewEntry? {
        guard kind == .backup, case .unit(let unit) = subject else { return nil }
        let epoch = Self.highestEpoch(of: unit.slice, in: entries)
        guard entries[.done(slice: unit.slice, epoch: epoch)] == nil else { return nil }
        return Self.view(slice: unit.slice, epoch: epoch, in: entries)
    }

    mutating func exceedDeadline(now: Timestamp) -> Request {
        abort(deadlineExceeded, now: now) ?? settle(.reject("a deadline passed in a session that never began"))
    }

    /// Why a session ends that has passed its deadline.
    package var deadlineExceeded: OutcomeEntry.Abort {
        let seconds = begin.map { ($0.deadline - $0.startedAt).components.seconds } ?? 0
        return OutcomeEntry.Abort(
            condition: "DeadlineExceeded", message: "the session was not done \(seconds) s after it began, which is its timeOut")
    }

    mutating func remember(_ entries: [EntryName: Entry]) {
        if case .begin(let entry)? = entries[.begin] { begin = entry }
        if case .plan(let entry)? = entries[.plan] { plan = entry }
    }
}
