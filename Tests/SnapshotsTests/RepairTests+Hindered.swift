import Archive
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// What stands in a repair's way, and what ends it.
extension RepairTests {
    private func expectNoPins() throws {
        #expect(try fixture.keys().filter { $0.hasPrefix("pins/") }.isEmpty)
    }

    @Test func whatIsLostIsPublishedBeforeAnythingTakesItsPlace() throws {
        let documents = try fixture.damage(frame: 0, of: first)
        var (told, published) = (0, [Int]())
        var listed: [SnapshotID] = []
        let repair = Repair(fixture.repository, spool: fixture.spool, settings: RepositoryFixture.settings)
        let report = try repair.run(applies: true) {
            told += $0.count
        } publish: {
            // Retention may forget the damaged one as soon as another is there.
            listed = try fixture.listed()
            published.append(told)
        }
        #expect(published == [documents] && listed == [one, two] && report.snapshots.map(\.isDone) == [true])
    }

    @Test func manifestsAreStoredOnceAllSegmentsAre() throws {
        try fixture.damage(frame: 0, of: first)
        try fixture.damage(frame: 0, of: second)
        let traced = TracedStore(try LocalStore(fixture.path))
        let repository = try OpenRepository.open(traced, protection: .none, for: .writing)
        let report = try Repair(repository, spool: fixture.spool, settings: RepositoryFixture.settings)
            .run(applies: true) { _ in }
        let kinds = traced.puts.map { $0.prefix { $0 != "/" } }.filter { ["segments", "manifests", "outcomes"].contains($0) }
        #expect(kinds == ["segments", "segments", "manifests", "manifests", "outcomes"])
        #expect(report.snapshots.map(\.isDone) == [true])
    }

    @Test func marksThatCannotBeReadKeepTheReplacementAndStopNobody() throws {
        let book = MarkBook(store: fixture.store)
        for snapshot in [one, two] { _ = try book.change(snapshot) { $0 = SnapshotMarks(tags: ["weekly"]) } }
        try fixture.tamper(try #require(try book.newest()[one])) { bytes in Array(bytes.dropLast(3)) }
        try fixture.damage(frame: 0, of: shared)
        let repaired = try repair().report.snapshots
        #expect(repaired.map(\.snapshot) == [one, two] && repaired.allSatisfy { $0.isDone && $0.failure == nil })
        let replacements = try repaired.map { try #require($0.replacement) }
        #expect(try fixture.listed() == replacements.sorted())
        #expect(try book.marks(of: replacements[0]) == SnapshotMarks(isKept: true))
        #expect(try book.marks(of: replacements[1]) == SnapshotMarks(tags: ["weekly"]))
        #expect(try #require(repaired[0].marksDamage).contains("marks/\(one)/") && repaired[1].marksDamage == nil)
        #expect(try repair().report.snapshots.isEmpty)
        try expectNoPins()
    }

    @Test func aSnapshotThatNothingCanReplaceHindersNoOther() throws {
        for id in try Repair.replacementIDs(of: fixture.commit(one).summary) {
            _ = try Forgetting(store: fixture.store).forget(id, reason: "test")
        }
        try fixture.damage(frame: 0, of: shared)
        for applies in [false, true] {
            let repaired = try repair(applies: applies).report.snapshots
            #expect(repaired.map(\.snapshot) == [one, two])
            let failure = try #require(repaired[0].failure)
            #expect(failure.contains("has had 16 replacements") && !repaired[0].isDone && repaired[0].replacement == nil)
            #expect(repaired[1].isDone == applies && repaired[1].failure == nil)
        }
        #expect(try fixture.listed().contains(one))
        try expectNoPins()
    }

    @Test func countsThatDoNotAddUpHinderNoOther() throws {
        var commit = try fixture.commit(one)
        commit.summary.id = SnapshotID(startedAt: Samples.time + .seconds(30), session: Samples.makeID("liar"))
        commit.summary.indices[0].documents -= 1
        let outcome = OutcomeEntry(nonce: "o", decidedAt: Samples.time, verdict: .commit(result: commit))
        _ = try fixture.store.put(
            try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(commit.summary.id)"))
        try fixture.damage(frame: 0, of: shared)
        let repaired = try repair().report.snapshots
        #expect(repaired.map(\.isDone) == [true, false, true])
        #expect(try #require(repaired[1].failure).contains("more documents than the snapshot counts"))
        try expectNoPins()
    }

    @Test func aRepairThatIsStoppedAnywhereLeavesNoPinAndIsRepeated() throws {
        try fixture.damage(frame: 2, of: first)
        try fixture.damage(frame: 0, of: shared)
        var stops = 0
        while true {
            let calls = Lock(0)
            let store = StoppableStore(try LocalStore(fixture.path)) { [limit = 3 * stops + 3] in
                calls.withLock {
                    $0 += 1
                    return $0 > limit
                }
            }
            do {
                let repository = try OpenRepository.open(store, protection: .none, for: .writing)
                let repair = Repair(repository, spool: fixture.spool, settings: RepositoryFixture.settings)
                _ = try repair.run(applies: true) { _ in }
                break
            } catch let error as ArchiveError {
                #expect(error.code == .interrupted, "\(error)")
            }
            try expectNoPins()
            #expect(fixture.spool.usedBytes == 0)
            stops += 1
        }
        #expect(stops > 10)
        #expect(try fixture.listed().count == 2 && Verification(store: fixture.store, mode: .full).run().isWhole)
    }
}
