import Archive
import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// A repository in a folder, with snapshots of few documents in many small frames.
final class RepositoryFixture {
    /// An index of a snapshot: the `_id`s of each of its segments.
    struct Index {
        var name: String
        var segments: [[String]]
        var kind = SegmentKind.bulk
    }

    let folder: TemporaryFolder
    let path: String
    let repository: OpenRepository
    let spool: Spool
    var store: RepositoryStore { repository.store }

    init() throws {
        folder = try TemporaryFolder()
        path = try folder.makeFolder("repository")
        repository = try OpenRepository.create(LocalStore(path), protection: .none, now: Date())
        spool = try Spool(in: folder.makeFolder("spool"), limit: 1 << 30)
    }

    /// Frames hold five documents or so.
    static var settings: SegmentSettings {
        var settings = SegmentSettings()
        settings.frameBytes = 400
        return settings
    }

    static func ids(_ prefix: String, _ count: Int) -> [String] { (0..<count).map { "\(prefix)\($0)" } }

    /// Stores a segment, with its inventory or without.
    func segment(_ ids: [String], kind: SegmentKind = .bulk, named: Bool = true) throws -> SegmentReference {
        let writer = try SegmentWriter(store: store, spool: spool, kind: kind, settings: Self.settings)
        let inventory = try InventoryWriter(spool: spool)
        for id in ids {
            let action = Array("{\"index\":{\"_id\":\"\(id)\"}}".utf8)
            let source = Array("{\"text\":\(kind == .exact ? "\n" : "")\"\(String(repeating: "x", count: 40))\(id)\"}".utf8)
            try action.withUnsafeBytes { action in
                try source.withUnsafeBytes { try writer.append(action, $0) }
                try inventory.append(action: action)
            }
        }
        let segment = try #require(try writer.finish())
        if named { try inventory.store(for: segment.id, in: store) }
        try repository.put(segment)
        return SegmentReference(segment, slice: 0, shard: nil)
    }

    @discardableResult
    func snapshot(
        _ session: String, after seconds: Int = 0, _ indices: [(name: String, segments: [SegmentReference])], objects: Int = 0,
        target: String = "es"
    ) throws -> SnapshotID {
        let time = Samples.time + .seconds(seconds)
        let id = SnapshotID(startedAt: time, session: Samples.makeID(session))
        var summaries: [SnapshotSummary.Index] = []
        var manifests: [String] = []
        for (name, segments) in indices {
            let documents = segments.reduce(0) { $0 + $1.documents }
            let bytes = segments.reduce(0) { $0 + $1.plainBytes }
            let writer = try IndexManifestWriter(
                spool: spool,
                header: IndexManifest(
                    name: name, uuid: "uuid-\(name)-\(session)", shards: 1, definition: "{\"mappings\":{}}", documents: documents,
                    plainBytes: bytes, views: [.init(shard: nil, epoch: 1, documents: documents, opened: time.description)]))
            for segment in segments { try writer.append(segment) }
            let manifest = try writer.finish()
            try repository.put(manifest: manifest)
            manifests.append(manifest.digest.hex)
            summaries.append(
                .init(
                    name: name, shards: 1, documents: documents, bytes: bytes,
                    storedBytes: segments.reduce(0) { $0 + $1.storedBytes }, segments: segments.count, earliestView: time,
                    latestView: time))
        }
        var commit = OutcomeEntry.Commit(
            summary: SnapshotSummary(
                id: id, repository: "disk", namespace: "demo", target: target,
                invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), time: time, indices: summaries),
            manifests: manifests, partsByWorker: ["w": 1])
        if objects > 0 {
            let file = try ObjectManifestWriter.write(
                (0..<objects).map { StoredObject(kind: "scripts", name: "s\($0)", body: "{\"of\":\"\(session)\"}") },
                header: ObjectManifest(distribution: "elasticsearch", serverVersion: "8.19.1"), spool: spool)
            try repository.put(manifest: file)
            commit.objects = file.digest.hex
            commit.summary.objects = objects
        }
        let outcome = OutcomeEntry(nonce: "o", decidedAt: time, verdict: .commit(result: commit))
        _ = try store.put(try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(id)"))
        return id
    }

    // MARK: - Damage

    func file(_ key: ObjectKey) -> String { "\(path)/\(key)" }

    /// Changes stored bytes behind the store's back; `nil` deletes the object.
    func tamper(_ key: ObjectKey, _ change: (([UInt8]) -> [UInt8])?) throws {
        let bytes = try Array(Data(contentsOf: URL(filePath: file(key))))
        try FileManager.default.removeItem(atPath: file(key))
        if let change { try Data(change(bytes)).write(to: URL(filePath: file(key))) }
    }

    /// Flips a bit in the middle of a frame.
    /// - Returns: how many documents the frame has.
    @discardableResult
    func damage(frame number: Int, of segment: SegmentReference) throws -> Int {
        let frame = try SegmentReader(store: store, id: segment.id).frames[number]
        try tamper(.segment(segment.id)) { bytes in
            var bytes = bytes
            bytes[frame.offset + frame.storedBytes / 2] ^= 1
            return bytes
        }
        return frame.documents
    }

    // MARK: - Reading back

    func commit(_ id: SnapshotID) throws -> OutcomeEntry.Commit { try SnapshotCatalog(store: store).snapshot(id) }

    func listed() throws -> [SnapshotID] { try SnapshotCatalog(store: store).snapshots().map(\.summary.id) }

    /// The `_id`s of a snapshot by index, as a restore would send them; counts are checked on the way.
    static func documents(of id: SnapshotID, in store: RepositoryStore) throws -> [String: [String]] {
        let commit = try SnapshotCatalog(store: store).snapshot(id)
        var found: [String: [String]] = [:]
        for (summary, manifest) in zip(commit.summary.indices, commit.manifests) {
            let reader = try IndexManifestReader(store: store, id: try #require(Digest(hex: manifest)))
            var ids: [String] = []
            while let reference = try reader.next() {
                let segment = try SegmentReader(store: store, id: reference.id, storedBytes: reference.storedBytes)
                try segment.verify()
                for frame in segment.frames.indices {
                    let text = String(decoding: try segment.frame(frame), as: UTF8.self)
                    ids += text.split(separator: "\n").compactMap { line in
                        line.hasPrefix("{\"index\":{\"_id\":\"") ? line.dropFirst(17).prefix { $0 != "\"" } : nil
                    }.map(String.init)
                }
            }
            #expect(ids.count == summary.documents && ids.count == reader.header.documents)
            found[summary.name] = ids
        }
        return found
    }

    func keys() throws -> [String] {
        var keys: [String] = []
        try store.forEachObject("") { (object: ObjectInfo) throws(ArchiveError) in keys.append(object.key.text) }
        return keys
    }
}
