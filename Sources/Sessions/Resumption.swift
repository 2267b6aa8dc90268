import Messages
import Runtime

/// The walk of a repeated session message over the journal: it finds the current unit of every started slice.
struct Resumption: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case slice
        case parts(epoch: Int, number: Int, cursor: String?)
    }

    var slice = 0
    var step = Step.slice
    /// Whether each slice passed so far was done.
    var done: [Bool] = []
    var units: [UnitPosition] = []
}

extension Handling {
    mutating func resume(_ resumption: Resumption) -> Request {
        guard let plan else { return settle(.reject("a session was resumed without its plan")) }
        var resumption = resumption
        let order = SliceOrder(plan)
        while resumption.slice < plan.slices.count, let before = order.predecessor(of: resumption.slice),
            before >= resumption.slice || !resumption.done[before]
        {
            resumption.done.append(false)
            resumption.slice += 1
        }
        let slice = resumption.slice
        guard slice < plan.slices.count else { return publishResumed(resumption) }
        state = .resuming(resumption)
        switch resumption.step {
        case .slice: return .read(Self.namesOfProgress(slice: slice, kind: kind))
        case .parts(let epoch, let number, _): return .read([.part(slice: slice, epoch: epoch, number: number)])
        }
    }

    mutating func resumed(_ resumption: Resumption, _ entries: [EntryName: Entry], now: Timestamp) -> Request {
        var next = resumption
        let slice = resumption.slice
        switch resumption.step {
        case .slice:
            let epoch = Self.highestEpoch(of: slice, in: entries)
            if entries[.done(slice: slice, epoch: epoch)] != nil {
                next.done.append(true)
                next.slice += 1
            } else {
                next.step = .parts(epoch: epoch, number: 0, cursor: nil)
            }
        case .parts(let epoch, let number, let cursor):
            if case .part(let part)? = entries[.part(slice: slice, epoch: epoch, number: number)], !part.endsSlice {
                next.step = .parts(epoch: epoch, number: number + 1, cursor: part.end)
            } else {
                next.units.append(UnitPosition(slice: slice, epoch: epoch, number: number, cursor: cursor))
                next.done.append(false)
                next.slice += 1
                next.step = .slice
            }
        }
        return resume(next)
    }

    private mutating func publishResumed(_ resumption: Resumption) -> Request {
        guard let plan, let begin else { return settle(.reject("a session was resumed without its plan")) }
        let units = resumption.units.map { Publication.unit($0, attempt: 1) }
        let publications = [.running(plan, begin)] + units
        guard resumption.done.allSatisfy({ $0 }) else { return publishLast(publications) }
        // Every slice is done, and whoever was to commit is gone.
        state = .announcing
        return .publish(publications)
    }
}
