import Messages
import Testing

@testable import Sessions

@Suite struct SliceOrderTests {
    private func plan(after: [Int?], window: Int) -> PlanEntry {
        var plan = Samples.plan(slices: after.count, window: window)
        for (slice, before) in after.enumerated() { plan.slices[slice].after = before }
        return plan
    }

    @Test func theWindowCountsSlicesThatComeAfterNoOther() {
        let order = SliceOrder(plan(after: [nil, nil, nil, 0, 3, 1], window: 2))
        #expect(order.first == 0..<2)
        #expect((0..<6).map(order.next) == [[2, 3], [5], [], [4], [], []])
        #expect((0..<6).map(order.predecessor) == [nil, nil, 0, 0, 3, 1])
    }

    @Test func aWindowWiderThanThePlanBeginsWithAll() {
        let order = SliceOrder(plan(after: [nil, nil, 1], window: 16))
        #expect(order.first == 0..<2)
        #expect(order.next(after: 0).isEmpty && order.next(after: 1) == [2])
    }

    @Test func begunSlicesAreThoseWhosePredecessorIsDone() {
        let plan = plan(after: [nil, nil, nil, nil, 1, 4], window: 2)
        var asked: [Int] = []
        let begun = plan.begunSlices { slice in
            asked.append(slice)
            return slice == 1
        }
        // Slice 2 waits for 0, which is not done; slice 5 for 4.
        #expect(begun == [0, 1, 3, 4])
        #expect(asked == begun)
    }
}
