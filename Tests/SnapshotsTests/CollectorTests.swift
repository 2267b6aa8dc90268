import Archive
import Crypto
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// What one run after the other makes of a repository, under a clock of the test's own.
@Suite struct CollectorTests {
    let folder: TemporaryFolder
    let base = ClockedStore()
    let spool: Spool
    static let day = Duration.seconds(86_400)
    static let hour = Duration.seconds(3600)

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: folder.path, limit: 1 << 20)
    }

    var store: RepositoryStore { RepositoryStore(base) }

    func collect(
        grace: Duration = day, mode: Collector.Mode = .apply, tell: @escaping (CollectorStep) -> Void = { _ in }
    ) throws -> CollectorReport {
        try Collector(store, grace: grace, mode: mode, tell: tell).run()
    }

    func put(_ key: String, _ text: String = "{}") throws { _ = base.put(Array(text.utf8), at: try ObjectKey(key)) }

    /// - Returns: the key of a segment with one document.
    func addSegment() throws -> (staged: StagedSegment, key: String) {
        let writer = try SegmentWriter(store: store, spool: spool, kind: .bulk)
        try Array(#"{"index":{"_id":"1"}}"#.utf8).withUnsafeBytes { action in
            try Array("{}".utf8).withUnsafeBytes { try writer.append(action, $0) }
        }
        let segment = try #require(try writer.finish())
        _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
        return (segment, ObjectKey.segment(segment.id).text)
    }

    /// A session that began now, committed and is final unless told otherwise; its one segment has an inventory.
    @discardableResult
    func addSnapshot(_ name: String, isFinal: Bool = true) throws -> (id: SnapshotID, content: [String]) {
        let session = Samples.makeID(name)
        let journal = ArchiveJournal(store: store, session: session)
        _ = try journal.put(.begin(Samples.begin(startedAt: base.time)), at: .begin)
        _ = try journal.put(.plan(Samples.plan(slices: [])), at: .plan)
        let segment = try addSegment()
        let inventory = segment.key.replacing("segments/", with: "inventory/")
        try put(inventory, "x")
        let header = IndexManifest(
            name: "a", uuid: "a", shards: 1, definition: "{}", documents: 1, plainBytes: segment.staged.plainBytes, views: [],
            session: name)
        let writer = try IndexManifestWriter(spool: spool, header: header)
        try writer.append(SegmentReference(segment.staged, slice: 0, shard: 0))
        let manifest = try writer.finish()
        _ = try store.upload(contentsOf: manifest.path, at: .manifest(manifest.digest))
        let id = SnapshotID(startedAt: base.time, session: session)
        var outcome = Samples.commit(Samples.summary(id, at: base.time))
        guard case .commit(var commit) = outcome.verdict else { throw SnapshotError(.refused, "no commit") }
        commit.manifests = [manifest.digest.hex]
        outcome.verdict = .commit(result: commit)
        _ = try journal.put(.outcome(outcome), at: .outcome)
        if isFinal { try addFinal(session, of: id) }
        return (id, [segment.key, inventory, ObjectKey.manifest(manifest.digest).text])
    }

    func addFinal(_ session: SessionID, of snapshot: SnapshotID? = nil) throws {
        let status = StatusEvent(of: Samples.command(), phase: .succeeded, source: .final, snapshot: snapshot)
        _ = try ArchiveJournal(store: store, session: session).put(.final(FinalEntry(nonce: "f", status: status)), at: .final)
    }

    func forget(_ id: SnapshotID) throws { _ = try Forgetting(store: store).forget(id, reason: "a test") }

    @Test func whatNothingNamesIsMarkedAndDeletedAGraceLater() throws {
        let (kept, orphan) = (try addSnapshot("s1"), try addSegment().key)
        base.time = base.time + Self.hour
        #expect(try collect().marked.objects == 1)
        #expect(base.keys.contains(orphan) && base.keys.contains { $0.hasPrefix("gc/") })
        base.time = base.time + Self.hour
        let waiting = try collect()
        #expect(waiting.waiting.objects == 1 && waiting.marked.objects == 0 && waiting.deleted.objects == 0)
        base.time = base.time + Self.day
        let report = try collect()
        #expect(report.deletedContent.objects == 1 && report.named.objects == 3 && report.problems == [])
        #expect(!base.keys.contains(orphan) && !base.keys.contains { $0.hasPrefix("gc/") })
        #expect(Set(base.keys).isSuperset(of: kept.content))
    }

    @Test func aGraceOfZeroMarksAndDeletesInOneRunAndSparesWhatIsYoung() throws {
        let old = try addSegment().key
        base.time = base.time + .seconds(301)
        let young = try addSegment().key
        let report = try collect(grace: .zero)
        #expect(report.marked.objects == 1 && report.deletedContent.objects == 1 && report.held.objects == 1)
        #expect(base.keys == [young] && base.deleted.contains(old))
    }

    @Test func aDryRunWritesNothingAndSaysWhatWouldGo() throws {
        let gone = try addSnapshot("s1")
        let orphan = try addSegment()
        try forget(gone.id)
        base.time = base.time + Self.day
        let writes = base.writes
        var steps: [CollectorStep] = []
        let report = try collect(mode: .dryRun) { steps.append($0) }
        #expect(base.writes == writes && report.swept == [gone.id] && report.marked.objects == 4)
        #expect(
            steps.contains {
                $0.object == orphan.key && $0.deed == .mark && $0.bytes == orphan.staged.storedBytes && !$0.reason.isEmpty
            })
        #expect(steps.contains { $0.object == "outcomes/\(gone.id)" && $0.deed == .delete && $0.reason.contains("forgotten") })
    }

    @Test func whatCannotBeReadMayNameAnything() throws {
        let snapshot = try addSnapshot("s1")
        let orphan = try addSegment().key
        base.time = base.time + Self.hour
        _ = try collect()
        base.time = base.time + Self.day
        try put("outcomes/20251124T160000Z-broken", "not JSON")
        let report = try collect()
        #expect(report.problems.count == 1 && report.problems[0].contains("20251124T160000Z-broken"))
        #expect(report.deletedContent.objects == 0 && base.keys.contains(orphan))
        base.objects.delete(try ObjectKey("outcomes/20251124T160000Z-broken"), at: 0)
        let manifest = try #require(snapshot.content.last)
        base.objects.delete(try ObjectKey(manifest), at: 0)
        let second = try collect()
        #expect(second.problems.count == 1 && second.problems[0].contains("\(snapshot.id)") && base.keys.contains(orphan))
        try put("pins/broken", "no pin")
        #expect(try collect().problems.contains { $0.contains("pins/broken") })
    }

    @Test func whatTheFormatDoesNotKnowIsReportedAndStays() throws {
        let strangers = [
            "FORMAT.bak", "junk/a", "junk/b", "manifests/readme", "segments/zz/readme", "sessions/s1/notes", "thing",
            "checks/report.txt", "gc/log", "probe/data.csv", "pins/notes",
        ]
        for key in strangers + [
            "FORMAT", "keys/0123456789abcdef0123456789abcdef", "keys/server.pem", "RECOVERY.md", "recover.py",
        ] { try put(key) }
        base.time = base.time + .seconds(90 * 86_400)
        let report = try collect(grace: .zero)
        #expect(Set(report.unknown) == Set(strangers).subtracting(["junk/b"]) && base.deleted == [])
    }

    @Test func oneDeleteThatFailsIsToldAndTheRestGoes() throws {
        let keys = try (0..<3).map { _ in try addSegment().key }
        base.time = base.time + Self.hour
        _ = try collect()
        base.time = base.time + Self.day
        base.stubborn = [keys[0]]
        let report = try collect()
        #expect(report.problems.count == 1 && report.problems[0].contains(keys[0]) && report.deletedContent.objects == 2)
        #expect(base.keys.contains { $0.hasPrefix("gc/") })
        base.stubborn = []
        _ = try collect()
        #expect(base.keys == [])
        // A store that deletes nothing at all ends the run.
        for _ in 0..<25 { base.stubborn.insert(try addSegment().key) }
        base.time = base.time + Self.hour
        #expect(throws: ArchiveError.self) { try collect(grace: .zero) }
    }

    private func check(_ number: Int) -> String { "checks/20260104T000000\(number)Z-0123456789abcdef" }

    @Test func checksProbesAndLateEntriesGo() throws {
        for number in 100..<203 { try put(check(number)) }
        for key in ["probe/0123456789abcdef0123456789abcdef", "sessions/late/part/0/0-1", "marks/20251124T160000Z-none/00000001"]
        { try put(key) }
        base.time = base.time + Self.day
        _ = try collect()
        #expect(base.keys == (103..<203).map(check))
    }

    @Test func manyMarksMakeSeveralLists() throws {
        for number in 0..<10_001 {
            let hex = try SHA256.digest(of: Array("\(number)".utf8)).hex
            try put("segments/\(hex.prefix(2))/\(hex)")
        }
        base.time = base.time + Self.hour
        #expect(try collect().marked.objects == 10_001)
        #expect(base.keys.count { $0.hasPrefix("gc/") } == 2)
        base.time = base.time + Self.day
        #expect(try collect().deletedContent.objects == 10_001)
        #expect(base.keys == [])
    }

    @Test func aRunThatIsStoppedEndsBetweenTwoObjects() throws {
        for _ in 0..<3 { _ = try addSegment() }
        base.time = base.time + Self.hour
        _ = try collect()
        base.time = base.time + Self.day
        let base = base
        let collector = Collector(store, grace: Self.day, isStopped: { !base.deleted.isEmpty })
        #expect(throws: CancellationError.self) { try collector.run() }
        #expect(base.deleted.count == 1 && base.keys.contains { $0.hasPrefix("gc/") })
    }
}
