import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

@testable import Archive

/// Makes a golden repository anew, with `SHEAF_RECORD_GOLDEN=1`: every sort of object that format 1 knows.
struct GoldenWriter {
    private let repository: OpenRepository
    private let spool: Spool
    private let folder: TemporaryFolder
    private var store: RepositoryStore { repository.store }
    /// What readers must print, by file.
    private(set) var expected: [String: String] = [:]

    init(_ golden: GoldenRepository) throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: "\(folder.path)/spool", limit: 64 << 20)
        try FileManager.default.createDirectory(atPath: golden.folder, withIntermediateDirectories: true)
        repository = try OpenRepository.create(
            LocalStore(golden.folder), protection: golden.protection(), now: Date(timeIntervalSince1970: 1_795_528_000),
            cost: ScryptCost(logN: 12, r: 8, p: 1))
    }

    mutating func write() throws {
        let objects = [
            StoredObject(kind: "scripts", name: "s/1", body: #"{"script":{"source":"a\n\"b\" é","v":1.50}}"#),
            StoredObject(
                kind: "indexTemplates", name: "logs", body: #"{"priority":9007199254740993,"index_patterns":["logs-*"]}"#),
        ]
        let first = GoldenRepository.first
        let logs = try index(
            "logs", of: first,
            [
                segment(GoldenDocument.lines(300, of: "logs"), .bulk), segment(GoldenDocument.lines(40, of: "more"), .bulk),
                segment(GoldenDocument.raw, .exact),
            ])
        try commit("a1", day: 1, [logs, index("empty", of: first, [])], objects: objects)
        try journal("a1", day: 1, logs)
        try put(["tags": ["draft"], "kept": false], at: "marks/\(first)/00000001")
        try put(["tags": ["weekly", "blue"], "kept": true], at: "marks/\(first)/00000002")
        let later = try index(
            "logs", of: GoldenRepository.second, [segment(GoldenDocument.lines(60, of: "later"), .bulk)])
        try commit("b2", day: 2, [later], objects: [])
        try commit(
            "c3", day: 3, [index("gone", of: GoldenRepository.forgotten, [segment(GoldenDocument.lines(5, of: "gone"), .bulk)])],
            objects: [])
        expected = expected.filter { !$0.key.hasPrefix(GoldenRepository.forgotten.text) }
        try put(["reason": "no rule keeps it", "policy": "last"], at: "forgotten/\(GoldenRepository.forgotten)")
        try abort()
        try put(
            ["until": "2026-11-26T00:00:00Z", "snapshot": .string(first.text), "segments": [], "reason": "a restore"],
            at: "pins/a1")
        try put(["keys": [.string("manifests/\(String(repeating: "0", count: 64))")]], at: "gc/20261124T000000Z-1")
        let report = VerificationReport(nonce: "n", at: GoldenRepository.time(day: 5), mode: .full)
        _ = try store.put(MessageCoding.encode(report), at: ObjectKey("checks/20261124T000000Z-1"))
    }

    private func segment(_ documents: [GoldenDocument], _ kind: SegmentKind) throws -> (SegmentReference, [GoldenDocument]) {
        var settings = SegmentSettings()
        settings.frameBytes = 6_000
        let writer = try SegmentWriter(store: store, spool: spool, kind: kind, settings: settings)
        let inventory = try InventoryWriter(spool: spool)
        for document in documents {
            try Array(document.action.utf8).withBytes { (action) throws(ArchiveError) in
                try Array(document.source.utf8).withBytes { (source) throws(ArchiveError) in try writer.append(action, source) }
                try inventory.append(action: action)
            }
        }
        let staged = try #require(try writer.finish())
        try inventory.store(for: staged.id, in: store)
        try repository.put(staged)
        return (SegmentReference(staged, slice: 0, shard: 0), documents)
    }

    private struct Index {
        let summary: SnapshotSummary.Index
        let manifest: Digest
        let segments: [SegmentReference]
    }

    private static let definition =
        #"{"settings":{"index":{"number_of_shards":"1"}},"mappings":{"properties":{"n":{"type":"double","x":1.0}}},"aliases":{}}"#

    private mutating func index(
        _ name: String, of snapshot: SnapshotID, _ segments: [(reference: SegmentReference, documents: [GoldenDocument])]
    ) throws -> Index {
        let references = segments.map(\.reference)
        let documents = references.reduce(0) { $0 + $1.documents }
        let bytes = references.reduce(0) { $0 + $1.plainBytes }
        let opened = GoldenRepository.time(day: 0).description
        let writer = try IndexManifestWriter(
            spool: spool,
            header: IndexManifest(
                name: name, uuid: "u-\(name)", shards: 1, definition: Self.definition, documents: documents, plainBytes: bytes,
                views: [.init(shard: 0, epoch: 0, documents: documents, opened: opened)]))
        for reference in references { try writer.append(reference) }
        let manifest = try writer.finish()
        try repository.put(manifest: manifest)
        let all = segments.flatMap(\.documents)
        expected["\(snapshot).\(name).stored"] = all.map(\.stored).joined()
        expected["\(snapshot).\(name).bulk"] = all.map(\.bulk).joined()
        expected["\(snapshot).\(name).ids"] = all.map { "\($0.id)\n" }.joined()
        expected["\(snapshot).\(name).definition"] = Self.definition + "\n"
        return Index(
            summary: .init(
                name: name, shards: 1, documents: documents, bytes: bytes,
                storedBytes: references.reduce(0) { $0 + $1.storedBytes },
                segments: references.count, earliestView: GoldenRepository.time(day: 0), latestView: GoldenRepository.time(day: 0)
            ),
            manifest: manifest.digest, segments: references)
    }

    private mutating func commit(_ session: String, day: Int, _ indices: [Index], objects: [StoredObject]) throws {
        let id = GoldenRepository.snapshot(session, day: day)
        var summary = SnapshotSummary(
            id: id, repository: "disk", namespace: "demo", target: "logs-es",
            invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), time: GoldenRepository.time(day: day),
            indices: indices.map(\.summary))
        summary.objects = objects.count
        var commit = OutcomeEntry.Commit(summary: summary, manifests: indices.map(\.manifest.hex), partsByWorker: ["w1": 1])
        if !objects.isEmpty {
            let manifest = try ObjectManifestWriter.write(
                objects, header: ObjectManifest(distribution: "elasticsearch", serverVersion: "8.19.21"), spool: spool)
            try repository.put(manifest: manifest)
            commit.objects = manifest.digest.hex
        }
        expected["\(id).objects"] = objects.map {
            let value: JSONValue = ["body": .string($0.body), "kind": .string($0.kind), "name": .string($0.name)]
            return value.serialized() + "\n"
        }.joined()
        let outcome = OutcomeEntry(
            nonce: "o-\(session)", decidedAt: GoldenRepository.time(day: day) + .seconds(60), verdict: .commit(result: commit))
        _ = try store.put(MessageCoding.encode(outcome), at: ObjectKey("outcomes/\(id)"))
    }

    /// What the session that made the index left.
    private func journal(_ session: String, day: Int, _ index: Index) throws {
        let journal = ArchiveJournal(store: store, session: GoldenRepository.session(session))
        let time = GoldenRepository.time(day: day)
        let documents = index.summary.documents
        _ = try journal.put(begin(at: time), at: .begin)
        _ = try journal.put(plan(session, documents: documents, at: time), at: .plan)
        _ = try journal.put(
            .view(ViewEntry(nonce: "v", pointInTime: "w62x", shards: 1, documents: documents, openedAt: time)),
            at: .view(slice: 0, epoch: 0))
        let part = PartEntry(
            nonce: "p0", worker: "w1", begin: nil, end: nil, documents: documents, bytes: index.summary.bytes,
            storedBytes: index.summary.storedBytes, segments: index.segments.map(StoredSegment.init), finishedAt: time)
        _ = try journal.put(.part(part), at: .part(slice: 0, epoch: 0, number: 0))
        let done = DoneEntry(
            nonce: "d", parts: 1, documents: documents, bytes: index.summary.bytes, storedBytes: index.summary.storedBytes,
            partsByWorker: ["w1": 1])
        _ = try journal.put(.done(done), at: .done(slice: 0, epoch: 0))
    }

    /// A session that was given up after its first part.
    private func abort() throws {
        let journal = ArchiveJournal(store: store, session: GoldenRepository.session("d4"))
        let time = GoldenRepository.time(day: 4)
        let (segment, _) = try segment(GoldenDocument.lines(3, of: "lost"), .bulk)
        _ = try journal.put(begin(at: time), at: .begin)
        _ = try journal.put(plan("d4", documents: 9, at: time), at: .plan)
        let part = PartEntry(
            nonce: "p0", worker: "w1", begin: nil, end: "[7]", documents: segment.documents, bytes: segment.plainBytes,
            storedBytes: segment.storedBytes, segments: [StoredSegment(segment)], finishedAt: time)
        _ = try journal.put(.part(part), at: .part(slice: 0, epoch: 0, number: 0))
        let reason = OutcomeEntry.Abort(condition: "Cancelled", message: "enough")
        _ = try journal.put(.outcome(OutcomeEntry(nonce: "o", decidedAt: time, verdict: .abort(reason: reason))), at: .outcome)
    }

    private func begin(at time: Timestamp) -> Entry {
        .begin(BeginEntry(nonce: "b", digest: "91b0", startedAt: time, deadline: time + .seconds(86_400), command: nil))
    }

    private func plan(_ session: String, documents: Int, at time: Timestamp) -> Entry {
        let index = PlannedIndex(
            name: "logs", targetName: "logs", uuid: "u-logs", shards: 1, documents: documents, definition: Self.definition)
        return .plan(
            PlanEntry(
                nonce: "p-\(session)", indices: [index], slices: [Slice(index: 0, shard: 0, documents: documents, bytes: 9_000)],
                window: 16, snapshot: nil, plannedAt: time, notes: []))
    }

    /// Members of marks and the like, with the two that all have.
    private func put(_ members: JSONValue, at key: String) throws {
        let all: JSONValue = ["nonce": .string("n \(key)"), "at": .string(GoldenRepository.time(day: 1).description)]
        let value = JSONValue.object((all.members ?? []) + (members.members ?? []))
        _ = try store.put(value.serializedBytes(), at: ObjectKey(key))
    }
}

extension StoredSegment {
    fileprivate init(_ reference: SegmentReference) {
        self.init(
            id: reference.id.hex, kind: reference.kind.rawValue, documents: reference.documents, bytes: reference.plainBytes,
            storedBytes: reference.storedBytes)
    }
}
