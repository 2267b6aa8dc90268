import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

@testable import Archive

/// One valid object, and how it is read.
final class FuzzFixture {
    private let subject: FuzzSubject
    private let folder: TemporaryFolder
    private let store = MemoryStore()
    private let repository: OpenRepository
    private let key: ObjectKey
    private let valid: [UInt8]
    private let segment: Digest

    init(_ subject: FuzzSubject) throws {
        self.subject = subject
        folder = try TemporaryFolder()
        let isSealed = [.keyObject, .sealedObject, .sealedSegment].contains(subject)
        repository = try OpenRepository.create(
            store, protection: isSealed ? .password(Sensitive("secret"), KeyringCache()) : .none,
            now: Date(timeIntervalSince1970: 1_750_000_000), cost: ScryptCost(logN: 10, r: 8, p: 1))
        let spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 28)
        var settings = SegmentSettings()
        settings.frameBytes = 900
        let kind: SegmentKind = subject == .exactFrame ? .exact : .bulk
        let samples = Sample.make(40, seed: 6, largest: 400, kind: kind)
        let staged = try SegmentWriter(store: repository.store, spool: spool, kind: kind, settings: settings).write(samples)
        try repository.put(staged)
        segment = staged.id
        let reference = SegmentReference(staged, slice: 0, shard: 0)
        switch subject {
        case .format: key = .format
        case .keyObject: key = try #require(store.list("keys/", after: nil, limit: 1).first?.key)
        case .segment, .sealedSegment, .segmentTable, .segmentFrames, .exactFrame: key = .segment(segment)
        case .sealedObject, .indexManifest:
            let writer = try IndexManifestWriter(
                spool: spool,
                header: IndexManifest(
                    name: "logs", uuid: "u", shards: 1, definition: "{}", documents: staged.documents,
                    plainBytes: staged.plainBytes,
                    views: [.init(shard: 0, epoch: 0, documents: staged.documents, opened: "2025-01-01T00:00:00Z")]))
            try writer.append(reference)
            let manifest = try writer.finish()
            try repository.put(manifest: manifest)
            key = .manifest(manifest.digest)
        case .objectManifest:
            let objects = (0..<5).map { StoredObject(kind: "scripts", name: "s\($0)", body: #"{"script":{"source":"\#($0)"}}"#) }
            let manifest = try ObjectManifestWriter.write(
                objects, header: ObjectManifest(distribution: "opensearch", serverVersion: "2.19.6"), spool: spool)
            try repository.put(manifest: manifest)
            key = .manifest(manifest.digest)
        case .inventory:
            let writer = try InventoryWriter(spool: spool)
            for sample in samples {
                try sample.action.withBytes { (action) throws(ArchiveError) in try writer.append(action: action) }
            }
            try writer.store(for: segment, in: repository.store)
            key = .inventory(segment)
        case .outcome, .journal:
            let snapshot = GoldenRepository.first
            let summary = SnapshotSummary(
                id: snapshot, repository: "disk", namespace: "demo", target: "es",
                invoker: Invoker(kind: "BackupConfiguration", name: "n"),
                time: GoldenRepository.time(day: 1),
                indices: [
                    .init(
                        name: "logs", shards: 1, documents: 3, bytes: 4, storedBytes: 5, segments: 1, earliestView: nil,
                        latestView: nil)
                ])
            let outcome = OutcomeEntry(
                nonce: "o", decidedAt: GoldenRepository.time(day: 1),
                verdict: .commit(result: .init(summary: summary, manifests: [segment.hex], partsByWorker: ["w": 1])))
            let part = PartEntry(
                nonce: "p", worker: "w", begin: nil, end: "[7]", documents: 3, bytes: 4, storedBytes: 5,
                segments: [StoredSegment(id: segment.hex, kind: "bulk", documents: 3, bytes: 4, storedBytes: 5)],
                finishedAt: GoldenRepository.time(day: 1))
            key = try ObjectKey(subject == .outcome ? "outcomes/\(snapshot)" : "sessions/a1/part/0/0-0")
            _ = try store.put(subject == .outcome ? MessageCoding.encode(outcome) : MessageCoding.encode(part), at: key)
        case .marks, .forgotten, .pin:
            let snapshot = GoldenRepository.first
            switch subject {
            case .marks:
                key = try ObjectKey("marks/\(snapshot)/00000001")
                let tag = try #require(SnapshotTag("weekly"))
                _ = try MarkBook(store: repository.store).change(snapshot) { $0.add(tag) }
            case .forgotten:
                key = try Forgetting.key(of: snapshot)
                _ = store.put(Array(#"{"nonce":"n","at":"2026-11-24T00:00:00Z","reason":"r","policy":"p"}"#.utf8), at: key)
            default:
                key = try Pins(repository.store).put(
                    .keeping([segment]), name: "a1", for: .seconds(60), reason: "refused documents")
            }
        }
        valid = try #require(try store.get(key))
    }

    func restore() { store.tamper(key) { $0 = valid } }

    func spoil(seed: UInt64) throws {
        var mutation = FuzzMutation(seed: seed)
        var bytes = valid
        switch subject {
        case .segmentTable: try spoilTable(&bytes, &mutation)
        case .segmentFrames, .exactFrame: try spoilFrame(&bytes, &mutation)
        default: bytes = mutation.spoiled(bytes)
        }
        store.tamper(key) { $0 = bytes }
    }

    /// Everything that the object holds, by the way that it is read in earnest.
    func read() throws -> [UInt8] {
        switch subject {
        case .format: return Array(try OpenRepository.open(store, protection: .none, for: .writing).id.utf8)
        case .keyObject:
            let id = String(key.components[1])
            return try KeyObject.decoded(try #require(try store.get(key)), id: id, in: "memory").encoded()
        case .sealedObject, .indexManifest:
            let reader = try IndexManifestReader(store: fresh(), id: #require(Digest(hex: String(key.components[1]))))
            var read = [reader.header.definition, reader.header.name]
            while let reference = try reader.next() { read.append("\(reference)") }
            return Array(read.joined(separator: "\n").utf8)
        case .objectManifest:
            let reader = try ObjectManifestReader(store: fresh(), id: #require(Digest(hex: String(key.components[1]))))
            return Array("\(reader.header)\(reader.objects)".utf8)
        case .segment, .sealedSegment, .segmentTable, .segmentFrames: return try frames { Array($0) }
        case .exactFrame:
            return try frames {
                var documents = ExactDocuments(in: $0)
                var read: [UInt8] = []
                while let document = try documents.next() { read += document.action + Array(document.source) }
                return read
            }
        case .inventory:
            return try #require(try Inventory.read(segment: segment, frames: [40], in: fresh())).joined().flatMap {
                Array($0.utf8)
            }
        case .outcome:
            let found = try SnapshotCatalog(store: fresh()).look()
            if let damage = found.damages.values.first { throw ArchiveError(.corrupt, damage) }
            return found.records.flatMap { Array("\($0.commit)".utf8) }
        case .marks: return Array("\(try MarkBook(store: fresh()).read(key))".utf8)
        case .forgotten:
            let found = try Forgetting(store: fresh()).look()
            if let damage = found.damages.first { throw ArchiveError(.corrupt, damage) }
            return Array("\(String(describing: found.entries[GoldenRepository.first]))".utf8)
        case .pin:
            let standing = try #require(try Pins(fresh()).all().first)
            guard let pin = standing.pin else { throw ArchiveError(.corrupt, "a pin that cannot be read") }
            return Array("\(pin)".utf8)
        case .journal:
            let name = EntryName.part(slice: 0, epoch: 0, number: 0)
            return try ArchiveJournal(store: fresh(), session: GoldenRepository.session("a1")).read([name]).flatMap {
                Array("\($0)".utf8)
            }
        }
    }

    /// Nothing is remembered of what was read before.
    private func fresh() -> RepositoryStore { RepositoryStore(store, keys: repository.store.keys) }

    private func frames(_ body: (UnsafeRawBufferPointer) throws -> [UInt8]) throws -> [UInt8] {
        let reader = try SegmentReader(store: fresh(), id: segment)
        return try reader.frames.indices.flatMap { try body(try reader.frame($0)) }
    }

    // MARK: - Segments whose digests hold

    /// Sets one or two numbers of the table, now and then together with the total that belongs to them.
    private func spoilTable(_ bytes: inout [UInt8], _ mutation: inout FuzzMutation) throws {
        let length = try #require(SegmentLayout.trailerLength(in: bytes))
        let start = bytes.count - length
        let count = (length - SegmentLayout.trailerBase) / SegmentLayout.entryLength
        let entry = start + 8 + SegmentLayout.entryLength * mutation.index(below: count)
        let field = mutation.index(below: 4)
        let place = entry + 8 * field
        let old = number(in: bytes, at: place)
        let new = mutation.extreme(about: old)
        set(new, in: &bytes, at: place)
        // Totals that hold let the frames themselves be looked at.
        let total = [nil, nil, bytes.count - 96, bytes.count - 104][field]
        if let total, mutation.index(below: 4) > 0 {
            set(number(in: bytes, at: total) &+ new &- old, in: &bytes, at: total)
        } else if mutation.index(below: 2) > 0 {
            let other = bytes.count - 112 + 8 * mutation.index(below: 4)
            set(mutation.extreme(about: number(in: bytes, at: other)), in: &bytes, at: other)
        }
        try seal(&bytes, from: start)
    }

    /// Spoils stored bytes of a frame but not their number, and the plain size that the table tells, together with its total.
    private func spoilFrame(_ bytes: inout [UInt8], _ mutation: inout FuzzMutation) throws {
        let length = try #require(SegmentLayout.trailerLength(in: bytes))
        let start = bytes.count - length
        let count = (length - SegmentLayout.trailerBase) / SegmentLayout.entryLength
        let entry = start + 8 + SegmentLayout.entryLength * mutation.index(below: count)
        let offset = Int(number(in: bytes, at: entry))
        let stored = Int(number(in: bytes, at: entry + 8))
        var frame = mutation.spoiled(Array(bytes[offset..<(offset + stored)])).prefix(stored)
        frame += [UInt8](repeating: 0, count: stored - frame.count)
        if mutation.index(below: 2) > 0 {
            // zstd's own header is made to say what the table says: magic, descriptor of an 8 byte size in one segment.
            let old = number(in: bytes, at: entry + 16)
            let plain = mutation.extreme(about: old)
            var header: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE4]
            for shift in 0..<8 { header.append(UInt8(truncatingIfNeeded: plain >> (8 * shift))) }
            frame.replaceSubrange(frame.startIndex..<(frame.startIndex + header.count), with: header)
            set(plain, in: &bytes, at: entry + 16)
            set(number(in: bytes, at: bytes.count - 96) &+ plain &- old, in: &bytes, at: bytes.count - 96)
        }
        bytes.replaceSubrange(offset..<(offset + stored), with: frame)
        bytes.replaceSubrange((entry + 32)..<(entry + 64), with: try SHA256.digest(of: Array(frame)).bytes)
        try seal(&bytes, from: start)
    }

    private func seal(_ bytes: inout [UInt8], from start: Int) throws {
        let end = bytes.count - 40
        bytes.replaceSubrange(end..<(end + 32), with: try SHA256.digest(of: Array(bytes[start..<end])).bytes)
    }

    private func number(in bytes: [UInt8], at place: Int) -> UInt64 {
        bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func set(_ value: UInt64, in bytes: inout [UInt8], at place: Int) {
        for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }
}
