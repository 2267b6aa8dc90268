/// When each slice of a plan begins: so many at once as the window holds, and a slice that comes after another when that one is done.
///
/// The window counts slices that come after no other. The others stand behind them, each behind the one it waits for, and form chains of which
/// one slice is at work at a time.
struct SliceOrder {
    private let slices: [Slice]
    private let window: Int
    /// Slices that come after no other.
    private let independent: Int

    init(_ plan: PlanEntry) {
        slices = plan.slices
        window = max(1, plan.window)
        independent = plan.slices.firstIndex { $0.after != nil } ?? plan.slices.count
    }

    /// Those that begin with the session.
    var first: Range<Int> { 0..<min(window, independent) }

    /// The slices that begin when this one is done.
    func next(after slice: Int) -> [Int] {
        let following = slices[independent...].firstIndex { $0.after == slice }
        let isNextInWindow = slice < independent && slice + window < independent
        return (isNextInWindow ? [slice + window] : []) + (following.map { [$0] } ?? [])
    }

    /// The slice, of a lower number, whose end lets this one begin; nil: it begins with the session.
    func predecessor(of slice: Int) -> Int? {
        slices[slice].after ?? (slice < window ? nil : slice - window)
    }
}

extension PlanEntry {
    /// The slices that can have begun, given which are done: in a session that ended early most had not.
    ///
    /// - Parameter isDone: asked for each slice once, from the first.
    package func begunSlices(_ isDone: (Int) throws -> Bool) rethrows -> [Int] {
        let order = SliceOrder(self)
        var done: [Bool] = []
        var begun: [Int] = []
        for slice in slices.indices {
            let hasBegun = order.predecessor(of: slice).map { $0 < slice && done[$0] } ?? true
            done.append(hasBegun ? try isDone(slice) : false)
            if hasBegun { begun.append(slice) }
        }
        return begun
    }
}
