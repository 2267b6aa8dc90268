import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// What a final status tells of refused documents.
@Suite struct RefusalConditionsTests {
    private let plan = Samples.plan(slices: [
        Slice(index: 0, shard: 0, documents: 20, bytes: 0), Slice(index: 1, shard: 0, documents: 30, bytes: 0),
        Slice(index: 1, shard: 1, documents: 30, bytes: 0),
    ])

    private func done(_ documents: Int, rejected: Int, first: Int, segments: [String]) -> DoneEntry {
        var done = Samples.done(documents, ["w1": 1])
        guard rejected > 0 else { return done }
        done.rejected = rejected
        done.rejections = (first..<first + min(rejected, 10)).map {
            Rejection(id: "\($0)", status: 400, type: "mapper_parsing_exception", reason: "no date")
        }
        done.rejectSegments = segments.isEmpty ? nil : segments
        return done
    }

    private func journal() -> MemoryJournal {
        MemoryJournal([
            .done(slice: 0, epoch: 0): .done(done(20, rejected: 0, first: 0, segments: [])),
            .done(slice: 1, epoch: 0): .done(done(27, rejected: 3, first: 100, segments: ["aa"])),
            .done(slice: 2, epoch: 0): .done(done(18, rejected: 12, first: 200, segments: ["bb", "cc"])),
        ])
    }

    @Test func aCommitNamesCountReasonAndSegmentsOfEachIndex() throws {
        let results = try SessionResults(journal: journal(), plan: plan)
        #expect(
            results.missing == [
                nil,
                "15 documents were refused, the first with _id 100: mapper_parsing_exception, no date; they are kept in segments aa, bb, cc",
            ])
    }

    @Test func theConditionsNameTheCommandAndTheFirstTen() throws {
        guard case .commit(var commit) = Samples.commit(SnapshotID(startedAt: Samples.time, session: Samples.session)).verdict
        else {
            return
        }
        let journal = journal()
        commit.summary.indices = zip(plan.indices, try SessionResults(journal: journal, plan: plan).missing).map {
            var index = SnapshotSummary.Index(
                name: $0.targetName, shards: 0, documents: 0, bytes: 0, storedBytes: 0, segments: 0, earliestView: nil,
                latestView: nil)
            index.missing = $1
            return index
        }
        let outcome = OutcomeEntry(nonce: "o", decidedAt: Samples.time, verdict: .commit(result: commit))
        let conditions = try RefusalConditions(Samples.command(.restore), outcome, plan, journal).conditions(at: Samples.time)
        let repository = Samples.command(.restore).repository.key
        #expect(conditions.map(\.type) == ["Kept"] + Array(repeating: "Rejected", count: 10))
        #expect(
            conditions[0].message.hasSuffix(
                "sheaf export --repository \(repository.namespace)/\(repository.name) --segment aa --segment bb --segment cc"))
        #expect(conditions[1].reason == "mapper_parsing_exception")
        #expect(conditions[1].message == "index b, _id 100: no date (status 400)")
        #expect(try RefusalConditions(Samples.command(), outcome, plan, journal).conditions(at: Samples.time).isEmpty)
    }

    @Test func anAbortTellsWhatEndedIt() throws {
        let refusals = Refusals(
            index: "a", documents: 1, rejections: [Rejection(id: "7", status: 400, type: "t", reason: "r")], segments: [])
        let abort = OutcomeEntry.Abort(condition: "RestoreFailed", message: "m", refusals: refusals)
        let outcome = OutcomeEntry(nonce: "o", decidedAt: Samples.time, verdict: .abort(reason: abort))
        let conditions = try RefusalConditions(Samples.command(.restore), outcome, plan, MemoryJournal())
            .conditions(at: Samples.time)
        #expect(conditions.map(\.message) == ["index a, _id 7: r (status 400)"], "nothing is kept, so no command is named")
    }

    @Test func manySegmentsAreNamedUpToABound() throws {
        let refusals = Refusals(index: "a", documents: 60, rejections: [], segments: (0..<60).map { "s\($0)" })
        let kept = try #require(
            RefusalConditions([refusals], repository: Samples.command().repository.key).conditions(at: Samples.time).first)
        #expect(kept.message.components(separatedBy: "--segment").count == 51 && kept.message.contains("10 segments more"))
    }
}
