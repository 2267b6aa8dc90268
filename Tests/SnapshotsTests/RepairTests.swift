import Archive
import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// What can be read is saved, what cannot is named, and both together are what there was.
@Suite struct RepairTests {
    let fixture: RepositoryFixture
    let first: SegmentReference
    let second: SegmentReference
    let shared: SegmentReference
    let one: SnapshotID
    let two: SnapshotID

    init() throws {
        fixture = try RepositoryFixture()
        first = try fixture.segment(RepositoryFixture.ids("a", 23))
        second = try fixture.segment(RepositoryFixture.ids("b", 17), kind: .exact)
        shared = try fixture.segment(RepositoryFixture.ids("s", 11))
        one = try fixture.snapshot("one", [("logs", [first, shared]), ("texts", [second])], objects: 3)
        two = try fixture.snapshot("two", after: 60, [("logs", [shared])])
    }

    func repair(
        applies: Bool = true, snapshots: Set<SnapshotID>? = nil
    ) throws -> (report: RepairReport, lost: [LostDocument]) {
        var lost: [LostDocument] = []
        let report = try Repair(fixture.repository, spool: fixture.spool, settings: RepositoryFixture.settings)
            .run(snapshots: snapshots, applies: applies) { lost.append($0) }
        return (report, lost)
    }

    /// Salvaged and lost documents of a snapshot are those that it had, each once.
    private func expectSum(_ repaired: RepairReport.Snapshot, _ lost: [LostDocument], was: [String: [String]]) throws {
        let replacement = try #require(repaired.replacement)
        let left = try RepositoryFixture.documents(of: replacement, in: fixture.store)
        for (index, ids) in was {
            let named = lost.filter { $0.index == index && $0.snapshot == repaired.snapshot }.compactMap(\.id).map {
                String($0.dropFirst().dropLast())
            }
            #expect(((left[index] ?? []) + named).sorted() == ids.sorted())
        }
        #expect(repaired.lost == lost.filter { $0.snapshot == repaired.snapshot }.reduce(0) { $0 + $1.count })
        #expect(repaired.salvaged + repaired.lost == was.values.reduce(0) { $0 + $1.count })
    }

    @Test func framesThatAreDamagedAreNamedAndTheOthersSaved() throws {
        let was = try RepositoryFixture.documents(of: one, in: fixture.store)
        let documents = try fixture.damage(frame: 2, of: first) + fixture.damage(frame: 0, of: second)
        let (report, lost) = try repair()
        let repaired = try #require(report.snapshots.first)
        #expect(report.snapshots.count == 1 && repaired.isDone && repaired.lost == documents)
        try expectSum(repaired, lost, was: was)
        #expect(try fixture.listed() == [two, try #require(repaired.replacement)].sorted())
        #expect(try Verification(store: fixture.store, mode: .full).run().isWhole)
        let summary = try fixture.commit(try #require(repaired.replacement)).summary
        #expect(summary.time == Samples.time && summary.isPartial && summary.objects == 3)
        #expect(summary.indices[0].missing?.contains("of 34 documents were lost") == true)
        #expect(try Forgetting(store: fixture.store).entry(of: one)?.reason == "repaired as \(summary.id)")
        #expect(try fixture.keys().allSatisfy { !$0.hasPrefix("pins/") })
    }

    @Test func aDryRunSaysTheSameAndStoresNothing() throws {
        try fixture.damage(frame: 1, of: first)
        try fixture.tamper(.segment(second.id), nil)
        let before = try fixture.keys()
        let dry = try repair(applies: false)
        #expect(try fixture.keys() == before)
        let wet = try repair()
        #expect(dry.lost == wet.lost)
        #expect(dry.report.snapshots.map(\.lost) == wet.report.snapshots.map(\.lost))
        #expect(dry.report.snapshots.map(\.replacement) == wet.report.snapshots.map(\.replacement))
        #expect(dry.report.snapshots.allSatisfy { !$0.isDone } && wet.report.snapshots.allSatisfy(\.isDone))
    }

    @Test func aMissingSegmentIsLostAsAWholeInEachSnapshot() throws {
        let was = [
            try RepositoryFixture.documents(of: one, in: fixture.store),
            try RepositoryFixture.documents(of: two, in: fixture.store),
        ]
        try fixture.tamper(.segment(shared.id), nil)
        let (report, lost) = try repair()
        #expect(report.snapshots.map(\.snapshot) == [one, two] && report.snapshots[0].lost == 11)
        try expectSum(report.snapshots[0], lost, was: was[0])
        // Nothing of the second one is left: an empty snapshot is none.
        #expect(report.snapshots[1].replacement == nil && report.snapshots[1].lost == 11 && !report.snapshots[1].isDone)
        #expect(
            lost.allSatisfy { $0.segment == shared.id.hex && $0.frame == nil && $0.id != nil && $0.reason == "it is not there" })
    }

    @Test func documentsWithoutAnInventoryAreCounted() throws {
        let unnamed = try fixture.segment(RepositoryFixture.ids("u", 12), named: false)
        let three = try fixture.snapshot("three", after: 90, [("logs", [unnamed])])
        let documents = try fixture.damage(frame: 0, of: unnamed)
        let (report, lost) = try repair(applies: false)
        #expect(report.snapshots.map(\.snapshot) == [three])
        #expect(lost.count == 1 && lost[0].count == documents && lost[0].id == nil && lost[0].frame == 0)
        #expect(
            lost[0].line.hasPrefix(
                "{\"_id\":null,\"count\":\(documents),\"index\":\"logs\",\"snapshot\":\"\(three)\",\"segment\":\""))
    }

    @Test func aHeaderAloneLosesNothing() throws {
        let was = try RepositoryFixture.documents(of: one, in: fixture.store)
        try fixture.tamper(.segment(first.id)) { bytes in
            var bytes = bytes
            bytes[40] ^= 1
            return bytes
        }
        let (report, lost) = try repair()
        #expect(lost.isEmpty)
        try expectSum(report.snapshots[0], lost, was: was)
        #expect(try !fixture.commit(try #require(report.snapshots[0].replacement)).summary.isPartial)
    }

    @Test func lostLinesOfAManifestTakeTheirDocumentsAlone() throws {
        let id = try #require(Digest(hex: try fixture.commit(one).manifests[0]))
        try fixture.tamper(.manifest(id)) { bytes in
            // The second line names the first segment.
            var bytes = bytes
            let line = bytes.split(separator: 10)[1]
            bytes[line.startIndex + 3] = 0
            return bytes
        }
        let (report, lost) = try repair()
        #expect(report.snapshots[0].lost == 23 && lost.map(\.count) == [23] && lost[0].segment == nil && lost[0].id == nil)
        let left = try RepositoryFixture.documents(of: try #require(report.snapshots[0].replacement), in: fixture.store)
        #expect(left["logs"] == RepositoryFixture.ids("s", 11))
    }

    @Test func anIndexWithoutItsDefinitionIsLeftOutAndSaid() throws {
        let id = try #require(Digest(hex: try fixture.commit(one).manifests[0]))
        try fixture.tamper(.manifest(id), nil)
        let (report, lost) = try repair()
        #expect(report.snapshots[0].lost == 34 && lost.reduce(0) { $0 + $1.count } == 34)
        let summary = try fixture.commit(try #require(report.snapshots[0].replacement)).summary
        #expect(summary.indices.map(\.name) == ["texts"] && summary.isPartial)
        #expect(summary.missing == "index logs, whose definition was lost")
    }

    @Test func objectsThatAreLostAreSaid() throws {
        let objects = try #require(try fixture.commit(one).objects.flatMap { Digest(hex: $0) })
        try fixture.tamper(.manifest(objects)) { Array($0.dropLast(1)) }
        let (report, lost) = try repair()
        #expect(lost.isEmpty && report.snapshots[0].lostObjects == 3)
        let commit = try fixture.commit(try #require(report.snapshots[0].replacement))
        #expect(commit.objects == nil && commit.summary.objects == nil && commit.summary.isPartial)
    }

    @Test func tagsAndProtectionPassOver() throws {
        let book = MarkBook(store: fixture.store)
        _ = try book.change(one) {
            $0 = SnapshotMarks(tags: ["weekly"], isKept: true)
        }
        try fixture.damage(frame: 0, of: first)
        let (report, _) = try repair()
        let replacement = try #require(report.snapshots[0].replacement)
        #expect(try book.marks(of: replacement) == SnapshotMarks(tags: ["weekly"], isKept: true))
        #expect(try fixture.listed() == [two, replacement].sorted())
    }

    @Test func aManifestThatTwoSnapshotsShareIsLostInBoth() throws {
        var commit = try fixture.commit(one)
        commit.summary.id = SnapshotID(startedAt: Samples.time + .seconds(30), session: Samples.makeID("twin"))
        let twin = commit.summary.id
        let outcome = OutcomeEntry(nonce: "o", decidedAt: Samples.time, verdict: .commit(result: commit))
        _ = try fixture.store.put(try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(twin)"))
        try fixture.tamper(.manifest(try #require(Digest(hex: commit.manifests[0]))), nil)
        let found = try Verification(store: fixture.store, mode: .full).run()
        #expect(found.findings.map(\.snapshot) == [one.text, twin.text] && found.findings.allSatisfy { $0.documents == 34 })
        #expect(found.wholeSnapshots == 1 && found.lostDocuments == 68)
        let report = try repair().report
        #expect(report.snapshots.map(\.snapshot) == [one, twin] && report.snapshots.allSatisfy(\.isDone))
        #expect(try Verification(store: fixture.store, mode: .full).run().isWhole)
    }

    @Test func whatIsLostIsPublishedBeforeItsSnapshotIsForgotten() throws {
        let other = try fixture.segment(RepositoryFixture.ids("t", 21))
        let three = try fixture.snapshot("three", after: 120, [("logs", [other])])
        let documents = try fixture.damage(frame: 0, of: first)
        try fixture.damage(frame: 0, of: other)
        struct Stop: Error {}
        var (told, published): ([LostDocument], [LostDocument]) = ([], [])
        var forgottenBefore: Set<SnapshotID>?
        let repair = Repair(fixture.repository, spool: fixture.spool, settings: RepositoryFixture.settings)
        #expect(throws: Stop.self) {
            _ = try repair.run(applies: true) {
                guard $0.snapshot != three else { throw Stop() }
                told.append($0)
            } publish: {
                forgottenBefore = try Forgetting(store: fixture.store).snapshots()
                published = told
            }
        }
        #expect(forgottenBefore == [])
        #expect(published.count == documents && published.allSatisfy { $0.snapshot == one })
        #expect(try Forgetting(store: fixture.store).snapshots() == [one])
    }

    @Test func aForgottenSnapshotIsNotRepaired() throws {
        try fixture.damage(frame: 0, of: first)
        _ = try Forgetting(store: fixture.store).forget(one, reason: "test")
        let message = refusal(.notFound) { _ = try repair(snapshots: [one]) }
        #expect(message.contains("was forgotten") && message.contains("sheaf keep \(one)"))
        let nobody = SnapshotID(startedAt: Samples.time, session: Samples.makeID("nobody"))
        #expect(refusal(.notFound) { _ = try repair(snapshots: [nobody]) }.contains("there is no snapshot"))
    }

    @Test func aSpoolThatIsTooSmallSaysWhatToDo() throws {
        try fixture.damage(frame: 0, of: first)
        let spool = try Spool(in: fixture.folder.makeFolder("small"), limit: 200, advice: "raise --spool-limit")
        let repair = Repair(fixture.repository, spool: spool, settings: RepositoryFixture.settings)
        let error = #expect(throws: ArchiveError.self) { _ = try repair.run(applies: true) { _ in } }
        #expect(error?.code == .noSpace && error?.message.hasSuffix("its bound of 200; raise --spool-limit") == true)
    }

    @Test func aWholeRepositoryIsLeftAlone() throws {
        let before = try fixture.keys()
        let (report, lost) = try repair()
        #expect(report.snapshots.isEmpty && lost.isEmpty && report.verification.isWhole)
        #expect(try fixture.keys() == before)
    }

    @Test func anOutcomeThatCannotBeReadIsNamed() throws {
        try fixture.tamper(try ObjectKey("outcomes/\(one)")) { _ in [1] }
        let report = try repair().report
        #expect(report.unreadable == [one.text] && report.snapshots.isEmpty)
        #expect(try repair(snapshots: [one]).report.unreadable == [one.text])
        #expect(report.verification.findings.first?.cause.hasSuffix("what it named nobody knows") == true)
    }
}
