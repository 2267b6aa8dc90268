import Messages
import Sessions
import Testing

@testable import Worker

/// What the final event says of each index.
@Suite struct SessionResultsTests {
    let plan = Samples.plan(slices: [
        Slice(index: 0, shard: 0, documents: 20, bytes: 0), Slice(index: 0, shard: 1, documents: 10, bytes: 0),
        Slice(index: 1, shard: 0, documents: 30, bytes: 0),
    ])

    @Test func theSlicesOfAnIndexAddUp() throws {
        let journal = MemoryJournal([
            .done(slice: 0, epoch: 0): .done(Samples.done(20, ["w1": 2])),
            .done(slice: 1, epoch: 0): .done(Samples.done(10, ["w1": 1, "w2": 1])),
            .done(slice: 2, epoch: 0): .done(Samples.done(30, ["w2": 3])),
        ])
        let results = try SessionResults(journal: journal, plan: plan)
        #expect(
            results.indices == [
                IndexResult(name: "a", expectedDocuments: 30, documents: 30, bytes: 3000, storedBytes: 300),
                IndexResult(name: "b", expectedDocuments: 30, documents: 30, bytes: 3000, storedBytes: 300),
            ])
        #expect(results.partsByWorker == ["w1": 3, "w2": 4])
    }

    @Test func onlyTheHighestEpochOfASliceCounts() throws {
        let journal = MemoryJournal([
            .done(slice: 0, epoch: 0): .done(Samples.done(20, ["w1": 2])),
            .done(slice: 0, epoch: 2): .done(Samples.done(19, ["w2": 1])),
        ])
        let results = try SessionResults(journal: journal, plan: plan)
        #expect(results.indices.map(\.documents) == [19, 0])
        #expect(results.partsByWorker == ["w2": 1])
    }

    @Test func aSessionThatDidNothingHasItsIndicesAllTheSame() throws {
        let results = try SessionResults(journal: MemoryJournal(), plan: plan)
        #expect(results.indices.map(\.name) == ["a", "b"] && results.indices.allSatisfy { $0.documents == 0 })
    }

    @Test func whatWasSeenDoneIsRememberedForTheLatestSessionsOnly() {
        let slices = DoneSlices()
        for number in 0...64 { slices.remember([number], of: Samples.makeID("s\(number)")) }
        slices.remember([], of: Samples.makeID("s64"))
        #expect(slices.epochs(of: Samples.makeID("s0")).isEmpty)
        #expect(slices.epochs(of: Samples.makeID("s1")) == [1])
        #expect(slices.epochs(of: Samples.makeID("s64")) == [64])
    }
}
