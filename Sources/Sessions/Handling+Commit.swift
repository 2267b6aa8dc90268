import Messages
import Runtime

/// The end of a slice and of the session: start the next slice, see whether all are done, decide, finish.
extension Handling {
    /// A slice's progress in a few names: whether it is done, and whether a later view voids that.
    static func namesOfProgress(slice: Int, kind: SessionKind) -> [EntryName] {
        guard kind == .backup else { return [.done(slice: slice, epoch: 0)] }
        return (0...highestEpoch).flatMap { [EntryName.view(slice: slice, epoch: $0), .done(slice: slice, epoch: $0)] }
    }

    mutating func sliceDone() -> Request {
        guard let plan else { return settle(.reject("a slice ended without a plan")) }
        let next = SliceOrder(plan).next(after: position.slice)
        guard !next.isEmpty else { return probe() }
        state = .announcing
        return .publish(next.map { .unit(UnitPosition(slice: $0, epoch: 0, number: 0), attempt: 0) })
    }

    /// Looks from the first slice not yet seen done; stops at the first that is not.
    mutating func probe() -> Request {
        guard let plan, begin != nil else { return settle(.reject("a commit without a plan")) }
        let from = doneEpochs.count
        guard from < plan.slices.count else {
            state = .composing
            return .perform(.compose(plan, epochs: doneEpochs))
        }
        state = .probing(from: from)
        let batch = from..<min(from + 8, plan.slices.count)
        return .read(batch.flatMap { Self.namesOfProgress(slice: $0, kind: kind) })
    }

    mutating func probed(_ entries: [EntryName: Entry], from: Int) -> Request {
        guard let plan else { return settle(.reject("a commit without a plan")) }
        for slice in from..<min(from + 8, plan.slices.count) {
            let epoch = Self.highestEpoch(of: slice, in: entries)
            guard entries[.done(slice: slice, epoch: epoch)] != nil else { return acknowledge() }
            doneEpochs.append(epoch)
        }
        return probe()
    }

    mutating func putOutcome(_ outcome: OutcomeEntry) -> Request {
        state = .puttingOutcome(outcome)
        return .put(.outcome, .outcome(outcome))
    }

    mutating func outcomePut(_ put: EntryPut, _ mine: OutcomeEntry) -> Request {
        if case .existing(.outcome(let winner)) = put { return yieldIfFresh { $0.finish(winner) } }
        return finish(mine)
    }

    mutating func finish(_ outcome: OutcomeEntry) -> Request {
        self.outcome = outcome
        state = .readingFinal(outcome)
        return .read([.final, .plan, .begin])
    }

    mutating func finalRead(_ entries: [EntryName: Entry], _ outcome: OutcomeEntry) -> Request {
        remember(entries)
        if case .final(let final)? = entries[.final] { return endAsOther(final) }
        guard let begin else { return settle(.reject("an outcome of a session that never began")) }
        state = .finishing
        return .perform(.finish(outcome, begin, plan))
    }

    /// Another put the end while this delivery was about to.
    mutating func endAsOther(_ final: FinalEntry) -> Request {
        if mayHaveCreatedIndices { return end(.final(final), closing: nil) }
        return yieldIfFresh { $0.publishLast([.final(final)]) }
    }

    mutating func finalPut(_ put: EntryPut, _ mine: FinalEntry) -> Request {
        if case .existing(.final(let winner)) = put {
            return yieldIfFresh { $0.publishLast([.final(winner)]) }
        }
        return publishLast([.final(mine)])
    }
}
