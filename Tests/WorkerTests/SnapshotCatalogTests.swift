import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// Which snapshot a RestoreSession means.
@Suite struct SnapshotCatalogTests {
    let folder: TemporaryFolder
    let store: LocalStore
    var catalog: SnapshotCatalog { SnapshotCatalog(store: store) }

    init() throws {
        folder = try TemporaryFolder()
        store = try LocalStore(folder.path)
    }

    @discardableResult
    private func add(_ session: String, after seconds: Int, of target: String = "es", in namespace: String = "demo") throws
        -> SnapshotID
    {
        let id = SnapshotID(startedAt: Samples.time + .seconds(seconds), session: Samples.makeID(session))
        let outcome = Samples.commit(id, target: target, namespace: namespace)
        _ = try store.put(try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(id)"))
        return id
    }

    private func addAbort(_ session: String, after seconds: Int) throws -> SnapshotID {
        let id = SnapshotID(startedAt: Samples.time + .seconds(seconds), session: Samples.makeID(session))
        _ = try store.put(try EntryCoding.encode(.outcome(Samples.abort)), at: ObjectKey("outcomes/\(id)"))
        return id
    }

    private func selected(_ selector: String, target: String = "es", in namespace: String = "demo") throws -> SnapshotID {
        let binding = AppBinding(metadata: ObjectMeta(name: target, namespace: namespace), spec: .init(clientConfig: .init()))
        return try catalog.select(selector, target: binding, allowPartial: false).commit.summary.id
    }

    private func refusal(_ selector: String, target: String = "es") -> String? {
        do {
            _ = try selected(selector, target: target)
            return nil
        } catch let error as WorkerError {
            return error.code == .refused ? error.message : "not refused"
        } catch {
            return "\(error)"
        }
    }

    @Test func latestIsTheNewestOfTheSameAppBinding() throws {
        try add("a1", after: 0)
        let newest = try add("a2", after: 10)
        try add("b1", after: 20, of: "other")
        try add("c1", after: 30, in: "elsewhere")
        #expect(try selected("latest") == newest)
    }

    @Test func latestOfARepositoryWithOneOtherSourceIsItsNewest() throws {
        try add("b1", after: 0, of: "other")
        let newest = try add("b2", after: 5, of: "other")
        #expect(try selected("latest", target: "new-cluster") == newest)
    }

    @Test func latestAmongSeveralOtherSourcesIsRefused() throws {
        try add("b1", after: 0, of: "b")
        try add("c1", after: 1, of: "c")
        #expect(refusal("latest")?.contains("but of demo/b, demo/c; name the snapshot by its id") == true)
    }

    @Test func anEmptyRepositoryHasNoLatest() {
        #expect(refusal("latest")?.contains("run a backup first") == true)
    }

    @Test func abortedSessionsAreNoSnapshots() throws {
        let committed = try add("a1", after: 0)
        let aborted = try addAbort("a2", after: 10)
        #expect(try catalog.snapshots().map(\.summary.id) == [committed])
        #expect(try selected("latest") == committed)
        #expect(refusal(aborted.text)?.contains("there is no snapshot") == true)
    }

    @Test func snapshotsAreListedOldestFirst() throws {
        let second = try add("a", after: 10)
        let first = try add("b", after: 0)
        #expect(try catalog.snapshots().map(\.summary.id) == [first, second])
    }

    @Test func aWholeIdOrOneThatIsPartOfOneSnapshotAloneIsFound() throws {
        let first = try add("11aa", after: 0)
        let second = try add("22aa", after: 10)
        #expect(try selected(first.text) == first)
        #expect(try selected("22aa") == second)
        #expect(refusal("aa")?.contains("names 2 snapshots") == true)
        #expect(refusal("33bb")?.contains("names 0 snapshots") == true)
    }

    @Test func anObjectThatIsNoOutcomeIsAnErrorAndNotLeftOut() throws {
        _ = try store.put(Array("[]".utf8), at: ObjectKey("outcomes/20251124T160000Z-abc"))
        #expect(throws: ArchiveError.self) { try catalog.snapshots() }
    }

    @Test func latestPassesOverSnapshotsThatMissDocuments() throws {
        let whole = try add("a1", after: 0)
        let partial = try addPartial("a2", after: 10)
        let target = AppBinding(metadata: ObjectMeta(name: "es", namespace: "demo"), spec: .init(clientConfig: .init()))
        let passed = try catalog.select("latest", target: target, allowPartial: false)
        #expect(passed.commit.summary.id == whole)
        #expect(passed.notes == ["latest passed over snapshot \(partial), which misses documents"])
        let taken = try catalog.select("latest", target: target, allowPartial: true)
        #expect(taken.commit.summary.id == partial && taken.notes.isEmpty)
        #expect(try catalog.select(partial.text, target: target, allowPartial: false).commit.summary.id == partial)
        #expect(try catalog.find("latest").summary.id == whole)
    }

    @Test func aRepositoryOfPartialSnapshotsHasNoLatest() throws {
        _ = try addPartial("a1", after: 0)
        #expect(refusal("latest")?.contains("allowPartial") == true)
    }

    private func addPartial(_ session: String, after seconds: Int) throws -> SnapshotID {
        let id = SnapshotID(startedAt: Samples.time + .seconds(seconds), session: Samples.makeID(session))
        var index = SnapshotSummary.Index(
            name: "a", shards: 1, documents: 1, bytes: 1, storedBytes: 1, segments: 1, earliestView: nil, latestView: nil)
        index.missing = "shard 0 could not be read"
        let summary = SnapshotSummary(
            id: id, repository: "disk", namespace: "demo", target: "es",
            invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), time: Samples.time, indices: [index])
        let outcome = OutcomeEntry(
            nonce: "o", decidedAt: Samples.time,
            verdict: .commit(result: .init(summary: summary, manifests: [], partsByWorker: [:])))
        _ = try store.put(try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(id)"))
        return id
    }

    @Test(arguments: ["latest", "20200101t000000z-zzzzzz", "zzzz"]) func anExportOfASnapshotThatIsNotThereSaysSo(selector: String)
    {
        let export = SnapshotExport(store: store)
        let error = #expect(throws: TransferError.self) {
            _ = try export.run(selector, indices: ["*"], format: .bulk) { _ in }
        }
        #expect(error?.code == .notFound, "\(String(describing: error))")
    }
}
