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
            return yieldIfFresh { $0.follow(part) }
        }
        guard kind == .backup else { return transfer(nil) }
        if let view = Self.view(slice: unit.slice, epoch: unit.epoch, in: entries) { return transfer(view) }
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
            return yieldIfFresh { $0.follow(part) }
        }
        guard position.epoch < Self.highestEpoch else {
            let reason = OutcomeEntry.Abort(
                condition: "BackupFailed",
                message:
                    "the point in time of slice \(position.slice) was lost \(Self.highestEpoch + 1) times; is the server restarting?"
            )
            return abort(reason, now: now) ?? acknowledge()
        }
        return openView(epoch: position.epoch + 1)
    }

    mutating func partPut(_ put: EntryPut, _ mine: PartEntry) -> Request {
        if case .existing(.part(let winner)) = put { return yieldIfFresh { $0.follow(winner) } }
        return follow(mine)
    }

    /// What comes after a part is read from the stored part, mine or another's, never from memory.
    mutating func follow(_ part: PartEntry) -> Request {
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
        // Of a scroll only the unit that opened it knows the total.
        let expected = parts.first?.total ?? view?.documents ?? plan.slices[position.slice].documents
        switch Chain(parts, count: position.number + 1, expectedDocuments: expected, nonce: nonce) {
        case .complete(let done):
            guard let view else { return putDone(done) }
            // Before the done entry, so that none is left open: a session has no more of them than its window has slices. Whoever still reads
            // in it finds it gone, and in the journal every part of the chain.
            state = .closingReadView(done)
            return .perform(.closeView(view))
        case .broken(let flaw):
            let index = plan.indices[plan.slices[position.slice].index].name
            let reason = OutcomeEntry.Abort(
                condition: kind == .backup ? "BackupFailed" : "RestoreFailed",
                message: "index \(index), slice \(position.slice): \(flaw)")
            return abort(reason, now: now) ?? acknowledge()
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

/// The parts of one slice and epoch, from its begin to its end.
enum Chain {
    case complete(DoneEntry)
    case broken(String)

    init(_ parts: [PartEntry], count: Int, expectedDocuments: Int, nonce: String) {
        guard parts.count == count, parts.first?.begin == nil, parts.last?.endsSlice == true,
            zip(parts, parts.dropFirst()).allSatisfy({ $0.end != nil && $0.end == $1.begin })
        else {
            self = .broken("its \(parts.count) parts do not form a chain")
            return
        }
        let documents = parts.reduce(0) { $0 + $1.documents }
        guard documents == expectedDocuments else {
            self = .broken("\(documents) documents were moved where \(expectedDocuments) were counted")
            return
        }
        var partsByWorker: [String: Int] = [:]
        for part in parts { partsByWorker[part.worker, default: 0] += 1 }
        self = .complete(
            DoneEntry(
                nonce: nonce, parts: parts.count, documents: documents, bytes: parts.reduce(0) { $0 + $1.bytes },
                storedBytes: parts.reduce(0) { $0 + $1.storedBytes }, partsByWorker: partsByWorker))
    }
}
