import Crypto
import Testing

@testable import Archive

struct IndexManifestTests {
    private let folder: TemporaryFolder
    private let spool: Spool
    private let store = MemoryStore()
    /// Numbers that a decoder would spoil: a double's last digit, 1.0, a big integer.
    private let definition = "{\"settings\":{\"a\":1.0,\"b\":9007199254740993,\"c\":\"x/y \\u00e9\\n\"}}"

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
    }

    private func header(documents: Int, plainBytes: Int) -> IndexManifest {
        IndexManifest(
            name: "logs", uuid: "u-1", shards: 2, definition: definition, documents: documents, plainBytes: plainBytes,
            views: [.init(shard: 0, epoch: 0, documents: 5, opened: "2025-01-01T00:00:00.123Z")])
    }

    private func references(_ count: Int) throws -> [SegmentReference] {
        try (0..<count).map { index in
            SegmentReference(
                id: try SHA256.digest(of: Array("\(index)".utf8)), kind: index % 3 == 0 ? .exact : .bulk, slice: index / 10,
                shard: index % 2 == 0 ? nil : 1, documents: index, plainBytes: 100 * index, storedBytes: 10 * index)
        }
    }

    private func write(_ segments: [SegmentReference]) throws -> Digest {
        let writer = try IndexManifestWriter(
            spool: spool,
            header: header(
                documents: segments.reduce(0) { $0 + $1.documents }, plainBytes: segments.reduce(0) { $0 + $1.plainBytes }))
        for segment in segments { try writer.append(segment) }
        let staged = try writer.finish()
        _ = try store.upload(contentsOf: staged.path, at: .manifest(staged.digest))
        return staged.digest
    }

    private func read(_ id: Digest) throws -> [SegmentReference] {
        let reader = try IndexManifestReader(store: RepositoryStore(store), id: id)
        var segments: [SegmentReference] = []
        while let segment = try reader.next() { segments.append(segment) }
        return segments
    }

    @Test(arguments: [0, 1, 7_000]) func manifestRoundTrips(count: Int) throws {
        let segments = try references(count)
        let id = try write(segments)
        #expect(try read(id) == segments)
        let reader = try IndexManifestReader(store: RepositoryStore(store), id: id)
        #expect(reader.header.definition == definition)
        #expect(reader.header.views.first?.opened == "2025-01-01T00:00:00.123Z")
    }

    @Test func sameIndexMakesTheSameObject() throws {
        #expect(try write(references(50)) == write(references(50)))
    }

    @Test func linesAreNamedObjects() throws {
        let bytes = try #require(try store.get(.manifest(write(references(2)))))
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4)
        for (line, name) in zip(lines, ["index", "segment", "segment", "end"]) {
            #expect(line.hasPrefix("{\"\(name)\":{"))
        }
    }

    @Test func missingDocumentsStopTheManifest() throws {
        let writer = try IndexManifestWriter(spool: spool, header: header(documents: 5, plainBytes: 0))
        #expect(code { _ = try writer.finish() } == .invalid)
    }

    @Test func everyFlippedBitIsDetected() throws {
        let id = try write(references(3))
        let count = try #require(store.size(.manifest(id)))
        for offset in 0..<count {
            let bit = UInt8(1) << UInt8(offset % 8)
            store.tamper(.manifest(id)) { $0[offset] ^= bit }
            let outcome = code { _ = try read(id) }
            #expect(outcome == .corrupt || outcome == .unsupported, "byte \(offset)")
            store.tamper(.manifest(id)) { $0[offset] ^= bit }
        }
    }

    @Test func everyTruncationIsDetected() throws {
        let id = try write(references(3))
        while let count = store.size(.manifest(id)), count > 0 {
            store.tamper(.manifest(id)) { $0.removeLast() }
            #expect(code { _ = try read(id) } == .corrupt, "cut to \(count - 1)")
        }
    }
}
