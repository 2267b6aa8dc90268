package import Messages
package import Runtime

/// One delivery's way through the session protocol, as a pure value: it is told what happened and answers what to do next.
///
/// The caller performs each `Request` and hands back its `Reply`, until `settle`. Nothing is decided anywhere else, so a simulation can
/// drive many handlings against each other, crash any of them between two requests, and check what is left (docs/protocol.md).
package struct Handling: Sendable {
    /// What the delivery asks for.
    package enum Subject: Sendable, Equatable {
        case session(Opening)
        case unit(UnitPosition)
        /// A cancel, or a message that was given up. With `opening` it ends a session too that nobody has begun: its message, when it
        /// comes, finds the end.
        case abort(OutcomeEntry.Abort, opening: Opening? = nil)
    }

    package enum Request: Sendable, Equatable {
        case read([EntryName])
        case put(EntryName, Entry)
        case perform(Work)
        case publish([Publication])
        case settle(Settlement)
    }

    /// Effects outside the journal. Each may be repeated and ends in the same state.
    package enum Work: Sendable, Equatable {
        /// List what is to be moved and cut it into slices.
        case plan
        /// Run a hook or a step before the work (`nil`), or one after it, which is told how the session ended. Its failure is a report, not
        /// an error.
        case run(SessionAction, BeginEntry, HookEnd? = nil)
        /// Restore: create the target indices behind their load aliases.
        case prepare(PlanEntry)
        /// Open a point in time of the slice.
        case openView(Slice)
        /// Close a point in time that lost its put, that was read to its end, or whose session is over.
        case closeView(ViewEntry)
        /// Restore: delete what was created after the finisher of an aborted session had looked.
        case dropIndices(PlanEntry)
        /// Dump or load from the cursor until the unit's budget or the slice's end.
        case transfer(Slice, UnitPosition, ViewEntry?)
        /// Put the manifests of all indices, from the parts of each slice's epoch.
        case compose(PlanEntry, epochs: [Int])
        /// Bring the world to rest: close views, drop the load aliases, settle the restored indices.
        case finish(OutcomeEntry, BeginEntry, PlanEntry?)
    }

    /// What a hook or a step after the work is told.
    package struct HookEnd: Sendable, Equatable {
        package let status: StatusEvent
        /// 1 for the first claim; above it, another delivery may have run it before.
        package let attempt: Int

        package init(_ status: StatusEvent, attempt: Int) {
            self.status = status
            self.attempt = attempt
        }
    }

    package enum Publication: Sendable, Equatable {
        case unit(UnitPosition, attempt: Int)
        case running(PlanEntry, BeginEntry)
        case final(FinalEntry)
        /// No worker began in time: Failed, without a journal.
        case expired
        /// Another request has this id: Failed, without touching the other's journal.
        case identifierInUse
    }

    package enum Settlement: Sendable, Equatable {
        case acknowledge
        /// This worker sees no session: its repository may not be the one that the others share.
        case retryElsewhere(String)
        /// Another message is at it. By the time this one comes back, the end should stand.
        case retryLater(String)
        /// To the dead letters: no retry can help.
        case reject(String)
    }

    package enum Reply: Sendable, Equatable {
        case entries([EntryName: Entry])
        case put(EntryPut)
        case planned(PlanEntry)
        case ran(HookReport)
        case prepared
        case opened(ViewEntry)
        case closed
        case dropped
        case transferred(PartEntry)
        /// The server no longer knows the point in time.
        case viewGone
        case composed(OutcomeEntry.Commit)
        case finished(FinalEntry)
        case published
    }

    /// How many times a slice's view may be lost before the session is given up.
    package static let highestEpoch = 3

    let kind: SessionKind
    let subject: Subject
    /// `redelivered` is false and the attempt is 0: the delivery that put an entry, if any, is another one, and alive.
    let isFresh: Bool
    package let nonce: String
    let claimant: Claimant
    /// Epochs of the slices, from the first, that this worker has already seen done.
    package internal(set) var doneEpochs: [Int]

    /// Known once they are read or put.
    package internal(set) var begin: BeginEntry?
    package internal(set) var plan: PlanEntry?
    /// The session's decision, once this handling knows of one: what is left is to finish.
    package internal(set) var outcome: OutcomeEntry?
    /// What the hook and the steps before the work did, where this handling ran them; the plan keeps it.
    var preHook: HookReport?
    var preSteps: [HookReport] = []
    var state: State = .created
    /// The point in time that this handling reads.
    var openView: ViewEntry?

    package init(
        kind: SessionKind, subject: Subject, isFresh: Bool, nonce: String, claimant: Claimant, doneEpochs: [Int] = []
    ) {
        self.claimant = claimant
        self.kind = kind
        self.subject = subject
        self.isFresh = isFresh
        self.nonce = nonce
        self.doneEpochs = doneEpochs
    }

    /// How far a session is that is over.
    enum End: Sendable, Equatable {
        case decided(OutcomeEntry)
        case final(FinalEntry)
    }

    enum State: Sendable, Equatable {
        case created
        case reading
        case puttingBegin
        case puttingBeginToAbort(OutcomeEntry.Abort)
        /// By its place among the actions before the work.
        case runningBefore(Int)
        case planning
        case rereadingOutcome(PlanEntry)
        case puttingPlan(PlanEntry)
        case preparing(resumes: Bool)
        case resuming(Resumption)
        case opening(epoch: Int)
        case puttingView(ViewEntry, epoch: Int)
        case rereadingForView(ViewEntry, epoch: Int)
        case closingLostView(winner: ViewEntry, epoch: Int)
        case transferring
        case rereadingAfterLoss
        case puttingPart(PartEntry)
        case readingChain(last: PartEntry)
        case closingReadView(DoneEntry)
        case puttingDone
        case announcing
        case probing(from: Int)
        case composing
        case puttingOutcome(OutcomeEntry)
        case readingFinal(OutcomeEntry)
        case finishing
        case claimingActions(FinalEntry, number: Int)
        case rereadingFinal(FinalEntry, number: Int)
        case runningAfter(FinalEntry, SessionAction, attempt: Int)
        case puttingFinal(FinalEntry)
        case cleaningUp(End)
        case publishingLast
        case settled
    }

    /// The first request.
    package mutating func start() -> Request {
        state = .reading
        switch subject {
        case .session, .abort: return .read([.final, .begin, .plan, .outcome])
        case .unit(let position): return .read(Self.namesOfUnit(position))
        }
    }

    /// The next request, given what came of the last one.
    package mutating func receive(_ reply: Reply, now: Timestamp) -> Request {
        switch (state, reply) {
        case (.reading, .entries(let entries)):
            switch subject {
            case .session(let opening): return sessionRead(entries, opening, now: now)
            case .unit(let position): return unitRead(entries, position, now: now)
            case .abort(let reason, let opening): return abortRead(entries, reason, opening, now: now)
            }
        case (.puttingBegin, .put(let put)): return beginPut(put, now: now)
        case (.puttingBeginToAbort(let reason), .put(let put)): return beginPutToAbort(put, reason, now: now)
        case (.runningBefore(let number), .ran(let report)): return ranBefore(report, number, now: now)
        case (.planning, .planned(let plan)): return planned(plan)
        case (.rereadingOutcome(let plan), .entries(let entries)): return outcomeReread(entries, plan)
        case (.puttingPlan(let mine), .put(let put)): return planPut(put, mine)
        case (.preparing(let resumes), .prepared): return resumes ? resume(Resumption()) : startSlices(now: now)
        case (.resuming(let resumption), .entries(let entries)): return resumed(resumption, entries, now: now)
        case (.opening(let epoch), .opened(let view)): return opened(view, epoch: epoch)
        case (.puttingView(let mine, let epoch), .put(let put)): return viewPut(put, mine, epoch: epoch)
        case (.rereadingForView(let mine, let epoch), .entries(let entries)): return viewReread(entries, mine, epoch: epoch)
        case (.closingLostView(let winner, let epoch), .closed): return lostViewClosed(winner: winner, epoch: epoch)
        case (.transferring, .transferred(let part)): return transferred(part)
        case (.transferring, .viewGone): return viewGone()
        case (.rereadingAfterLoss, .entries(let entries)): return rereadAfterLoss(entries, now: now)
        case (.puttingPart(let mine), .put(let put)): return partPut(put, mine, now: now)
        case (.readingChain(let last), .entries(let entries)): return chainRead(entries, last: last, now: now)
        case (.closingReadView(let done), .closed): return putDone(done)
        case (.puttingDone, .put(let put)): return donePut(put)
        case (.announcing, .published): return probe()
        case (.probing(let from), .entries(let entries)): return probed(entries, from: from)
        case (.composing, .composed(let commit)):
            return putOutcome(OutcomeEntry(nonce: nonce, decidedAt: now, verdict: .commit(result: commit)))
        case (.puttingOutcome(let mine), .put(let put)): return outcomePut(put, mine)
        case (.readingFinal(let outcome), .entries(let entries)): return finalRead(entries, outcome)
        case (.finishing, .finished(let final)): return finished(final, now: now)
        case (.claimingActions(let final, let number), .put(let put)): return claimPut(put, number, final, now: now)
        case (.rereadingFinal(let final, let number), .entries(let entries)): return finalReread(entries, number, final)
        case (.runningAfter(let final, let action, let attempt), .ran(let report)):
            return ranAfter(report, action, final, attempt: attempt)
        case (.puttingFinal(let mine), .put(let put)): return finalPut(put, mine)
        case (.cleaningUp(let end), .closed), (.cleaningUp(let end), .dropped): return cleanedUp(end)
        case (.publishingLast, .published): return acknowledge()
        default: return settle(.reject("the session protocol does not know \(reply) in \(state)"))
        }
    }

    /// The session cannot go on, and no retry would help: decide so, unless a decision has been made.
    ///
    /// - Returns: nil where the session has no `begin` entry: nothing is recorded that could be ended.
    package mutating func abort(_ reason: OutcomeEntry.Abort, now: Timestamp) -> Request? {
        guard begin != nil else { return nil }
        switch state {
        case .finishing, .claimingActions, .rereadingFinal, .runningAfter, .puttingFinal: return nil
        default: break
        }
        return putOutcome(OutcomeEntry(nonce: nonce, decidedAt: now, verdict: .abort(reason: reason)))
    }

    /// The slice cannot be read whole, no retry would help, and the plan lets the session do without it: end the slice as given up.
    ///
    /// - Returns: nil where the session cannot go on, and is to be aborted.
    package mutating func giveUpSlice(_ reason: String) -> Request? {
        guard kind == .backup, case .unit = subject, outcome == nil, plan?.allowPartial == true else { return nil }
        switch state {
        case .opening, .transferring, .rereadingAfterLoss, .readingChain: break
        default: return nil
        }
        let done = DoneEntry.givenUp(nonce: nonce, because: reason)
        guard let openView else { return putDone(done) }
        state = .closingReadView(done)
        return .perform(.closeView(openView))
    }

    /// The moment after which the work in hand must stop; known once the begin entry is.
    package var deadline: Timestamp? { begin?.deadline }

    mutating func acknowledge() -> Request { settle(.acknowledge) }

    mutating func settle(_ settlement: Settlement) -> Request {
        state = .settled
        return .settle(settlement)
    }

    mutating func publishLast(_ publications: [Publication]) -> Request {
        state = .publishingLast
        return .publish(publications)
    }

    /// The delivery that put the entry is alive: leave the rest to it. Any other delivery goes on with what the entry names.
    mutating func yieldIfFresh(or proceed: (inout Handling) -> Request) -> Request {
        isFresh ? acknowledge() : proceed(&self)
    }
}
