import Messages
import Runtime

/// The unit message: find or open the view, move a slice's next minutes, put the part, name what follows.
extension Handling {
    static func namesOfUnit(_ position: UnitPosition) -> [EntryName] {
        var names: [EntryName] = [.final, .begin, .plan, .outcome]
        names.append(.part(slice: position.slice, epoch: position.epoch, number: position.number))
        names.append(.done(slice: position.slice, epoch: position.epoch))
        for epoch in 0...highestEpoch where epoch >= position.epoch { names.append(.view(slice: position.slice, epoch: epoch)) }
        return names
    }

    var position: UnitPosition {
        if case .unit(let position) = subject { position } else { UnitPosition(slice: 0, epoch: 0, number: 0) }
    }

    mutating func unitRead(_ entries: [EntryName: Entry], _ unit: UnitPosition, now: Timestamp) -> Request {
        remember(entries)
        guard let begin else {
            return settle(
                .retryElsewhere("the journal knows nothing of the session; is its repository the one that all workers share?"))
        }
        if let ended = endedAlready(entries) { return ended }
        guard let plan, plan.slices.indices.contains(unit.slice), (0...Self.highestEpoch).contains(unit.epoch), unit.number >= 0
        else {
            return settle(.reject("unit \(unit.slice)/\(unit.epoch)-\(unit.number) cannot be in the session's plan"))
        }
        if now > begin.deadline { return exceedDeadline(now: now) }
        let newest = Self.highestEpoch(of: unit.slice, in: entries)
        if newest > unit.epoch { return yieldIfFresh { $0.follow(epoch: newest) } }
        if entries[.done(slice: unit.slice, epoch: unit.epoch)] != nil { return yieldIfFresh { $0.sliceDone() } }
        if case .part(let part)? = entries[.part(slice: unit.slice, epoch: unit.epoch, number: unit.number)] {
            return yieldIfFresh { $0.follow(part, now: now) }
        }
        guard kind == .backup else { return transfer(nil) }
        if let view = Self.view(slice: unit.slice, epoch: unit.epoch, in: entries) {
            // A page of a scroll comes once: what another delivery of this unit may have taken is lost with it.
            if view.scrolls == true, unit.cursor != nil, !isFresh { return viewGone() }
            return transfer(view)
        }
        return openView(epoch: unit.epoch)
    }

    static func view(slice: Int, epoch: Int, in entries: [EntryName: Entry]) -> ViewEntry? {
        if case .view(let view)? = entries[.view(slice: slice, epoch: epoch)] { view } else { nil }
    }

    mutating func openView(epoch: Int) -> Request {
        guard let plan else { return settle(.reject("a view was wanted without a plan")) }
        state = .opening(epoch: epoch)
        return .perform(.openView(plan.slices[position.slice]))
    }

    mutating func opened(_ view: ViewEntry, epoch: Int) -> Request {
        state = .puttingView(view, epoch: epoch)
        return .put(.view(slice: position.slice, epoch: epoch), .view(view))
    }

    mutating func viewPut(_ put: EntryPut, _ mine: ViewEntry, epoch: Int) -> Request {
        if case .existing(.view(let winner)) = put {
            state = .closingLostView(winner: winner, epoch: epoch)
            return .perform(.closeView(mine))
        }
        // An outcome that stands by now may have been finished before the view was there to be closed; a later finisher sees the view.
        state = .rereadingForView(mine, epoch: epoch)
        return .read([.outcome])
    }

    mutating func viewReread(_ entries: [EntryName: Entry], _ mine: ViewEntry, epoch: Int) -> Request {
        if case .outcome(let outcome)? = entries[.outcome] { return end(.decided(outcome), closing: mine) }
        return epoch == position.epoch ? transfer(mine) : follow(epoch: epoch)
    }

    mutating func lostViewClosed(winner: ViewEntry, epoch: Int) -> Request {
        yieldIfFresh { $0.position.epoch == epoch ? $0.transfer(winner) : $0.follow(epoch: epoch) }
    }

    mutating func transfer(_ view: ViewEntry?) -> Request {
        guard let plan else { return settle(.reject("a unit without a plan")) }
        state = .transferring
        openView = view
        return .perform(.transfer(plan.slices[position.slice], position, view))
    }

    mutating func transferred(_ part: PartEntry) -> Request {
        state = .puttingPart(part)
        return .put(.part(slice: position.slice, epoch: position.epoch, number: position.number), .part(part))
    }

    /// The server dropped the point in time. Resuming the walk in another one would lose documents: the slice starts again.
    mutating func viewGone() -> Request {
        state = .rereadingAfterLoss
        return .read(Self.namesOfUnit(position))
    }

    mutating func rereadAfterLoss(_ entries: [EntryName: Entry], now: Timestamp) -> Request {
        let newest = Self.highestEpoch(of: position.slice, in: entries)
        // The own view is gone already; a newer one may have been put too late to be closed.
        let entriesLeft =
            newest > position.epoch ? entries : entries.filter { $0.key != .view(slice: position.slice, epoch: newest) }
        if let ended = endedAlready(entriesLeft) { return ended }
        if newest > position.epoch { return yieldIfFresh { $0.follow(epoch: newest) } }
        if entries[.done(slice: position.slice, epoch: position.epoch)] != nil { return yieldIfFresh { $0.sliceDone() } }
        if case .part(let part)? = entries[.part(slice: position.slice, epoch: position.epoch, number: position.number)] {
            return yieldIfFresh { $0.follow(part, now: now) }
        }
        return openNextView(now: now)
    }

    private mutating func openNextView(now: Timestamp) -> Request {
        guard position.epoch < Self.highestEpoch else {
            return failSlice(
                "the point in time of slice \(position.slice) was lost \(Self.highestEpoch + 1) times; is the server restarting?",
                now: now)
        }
        return openView(epoch: position.epoch + 1)
    }

    /// The slice has come to an end that is none: the session goes on without it where it may, and is aborted else.
    private mutating func failSlice(_ message: String, refusals: Refusals? = nil, now: Timestamp) -> Request {
        if let request = giveUpSlice(message) { return request }
        let condition = kind == .backup ? "BackupFailed" : "RestoreFailed"
        return abort(OutcomeEntry.Abort(condition: condition, message: message, refusals: refusals), now: now) ?? acknowledge()
    }

    mutating func partPut(_ put: EntryPut, _ mine: PartEntry, now: Timestamp) -> Request {
        if case .existing(.part(let winner)) = put { return yieldIfFresh { $0.follow(winner, now: now) } }
        return follow(mine, now: now)
    }

    /// What comes after a part is read from the stored part, mine or another's, never from memory.
    mutating func follow(_ part: PartEntry, now: Timestamp) -> Request {
        if let plan, plan.allowPartial != true, let refusals = part.refusals(by: plan.indices[plan.slices[position.slice].index])
        {
            let all = part.documents + refusals.documents
            return failSlice(
                "index \(refusals.index) refused \(refusals.documents) of \(all) documents\(refusals.sentence); mend the mapping or the "
                    + "settings, or keep the rest with the parameter allowPartial", refusals: refusals, now: now)
        }
        guard let end = part.end else {
            state = .readingChain(last: part)
            var names = (0..<position.number).map { EntryName.part(slice: position.slice, epoch: position.epoch, number: $0) }
            names += [.view(slice: position.slice, epoch: position.epoch), .outcome]
            return .read(names)
        }
        let next = UnitPosition(slice: position.slice, epoch: position.epoch, number: position.number + 1, cursor: end)
        return publishLast([.unit(next, attempt: 0)])
    }

    mutating func follow(epoch: Int) -> Request {
        publishLast([.unit(UnitPosition(slice: position.slice, epoch: epoch, number: 0), attempt: 0)])
    }

    mutating func chainRead(_ entries: [EntryName: Entry], last: PartEntry, now: Timestamp) -> Request {
        guard let plan else { return settle(.reject("a slice ended without a plan")) }
        var parts: [PartEntry] = []
        for number in 0..<position.number {
            let name = EntryName.part(slice: position.slice, epoch: position.epoch, number: number)
            if case .part(let part)? = entries[name] { parts.append(part) }
        }
        parts.append(last)
        let view = Self.view(slice: position.slice, epoch: position.epoch, in: entries)
        if case .outcome(let outcome)? = entries[.outcome] { return end(.decided(outcome), closing: view) }
        let expected = parts.first?.total ?? view?.documents ?? plan.slices[position.slice].documents
        switch Chain(parts, count: position.number + 1, expectedDocuments: expected, nonce: nonce) {
        case .complete(let done):
            guard let view else { return putDone(done) }
            // Before the done entry, so that none is left open: a session has no more of them than its window has slices. Whoever still reads
            // in it finds it gone, and in the journal every part of the chain.
            state = .closingReadView(done)
            return .perform(.closeView(view))
        case .broken(let flaw):
            // Two deliveries of one unit took pages of one scroll from each other.
            openView = view
            if view?.scrolls == true { return openNextView(now: now) }
            let index = plan.indices[plan.slices[position.slice].index].name
            return failSlice("index \(index), slice \(position.slice): \(flaw)", now: now)
        }
    }

    mutating func putDone(_ done: DoneEntry) -> Request {
        state = .puttingDone
        return .put(.done(slice: position.slice, epoch: position.epoch), .done(done))
    }

    mutating func donePut(_ put: EntryPut) -> Request {
        if case .existing = put { return yieldIfFresh { $0.sliceDone() } }
        return sliceDone()
    }

    /// The highest view decides: a new view voids every part and done of its slice below it.
    static func highestEpoch(of slice: Int, in entries: [EntryName: Entry]) -> Int {
        (0...highestEpoch).last { entries[.view(slice: slice, epoch: $0)] != nil } ?? 0
    }
}
