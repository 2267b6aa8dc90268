import Crypto
import Testing

@testable import Archive

/// The manifest of the objects beside a snapshot's indices.
struct ObjectManifestTests {
    private let folder: TemporaryFolder
    private let spool: Spool
    private let store = MemoryStore()
    private let header = ObjectManifest(distribution: "opensearch", serverVersion: "2.19.6")
    /// Numbers that a decoder would spoil, and text that JSON escapes.
    private let objects = [
        StoredObject(kind: "scripts", name: "s/1", body: #"{"script":{"source":"a\n\"b\" é","v":1.50}}"#),
        StoredObject(kind: "indexTemplates", name: "logs", body: #"{"priority":9007199254740993,"index_patterns":["logs-*"]}"#),
    ]

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
    }

    private func write(_ objects: [StoredObject]) throws -> Digest {
        let staged = try ObjectManifestWriter.write(objects, header: header, spool: spool)
        _ = try store.upload(contentsOf: staged.path, at: .manifest(staged.digest))
        return staged.digest
    }

    @Test func objectsComeBackWithTheirBytesAndInTheirOrder() throws {
        let reader = try ObjectManifestReader(store: RepositoryStore(store), id: write(objects))
        #expect(reader.objects == objects)
        #expect(reader.header == header)
        #expect(try ObjectManifestReader(store: RepositoryStore(store), id: write([])).objects.isEmpty)
    }

    @Test func sameObjectsMakeTheSameManifest() throws {
        #expect(try write(objects) == write(objects))
        #expect(try write(objects) != write(objects.reversed()))
    }

    @Test func linesAreNamedObjects() throws {
        let bytes = try #require(try store.get(.manifest(write(objects))))
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4)
        for (line, name) in zip(lines, ["objects", "object", "object", "end"]) { #expect(line.hasPrefix("{\"\(name)\":{")) }
        #expect(lines[0] == #"{"objects":{"distribution":"opensearch","serverVersion":"2.19.6","version":1}}"#)
    }

    @Test func everyFlippedBitIsDetected() throws {
        let id = try write(objects)
        for offset in 0..<(try #require(store.size(.manifest(id)))) {
            let bit = UInt8(1) << UInt8(offset % 8)
            store.tamper(.manifest(id)) { $0[offset] ^= bit }
            let outcome = code { _ = try ObjectManifestReader(store: RepositoryStore(store), id: id) }
            #expect(outcome == .corrupt || outcome == .unsupported, "byte \(offset)")
            store.tamper(.manifest(id)) { $0[offset] ^= bit }
        }
    }

    @Test func everyTruncationIsDetected() throws {
        let id = try write(objects)
        while let count = store.size(.manifest(id)), count > 0 {
            store.tamper(.manifest(id)) { $0.removeLast() }
            #expect(
                code { _ = try ObjectManifestReader(store: RepositoryStore(store), id: id) } == .corrupt, "cut to \(count - 1)")
        }
    }

    @Test func anIndexsManifestIsNoneOfObjects() throws {
        let writer = try IndexManifestWriter(
            spool: spool,
            header: IndexManifest(name: "a", uuid: "u", shards: 1, definition: "{}", documents: 0, plainBytes: 0, views: []))
        let staged = try writer.finish()
        _ = try store.upload(contentsOf: staged.path, at: .manifest(staged.digest))
        #expect(code { _ = try ObjectManifestReader(store: RepositoryStore(store), id: staged.digest) } == .corrupt)
    }
}
