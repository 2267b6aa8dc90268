import FoundationEssentials
import Glibc
import Testing

@testable import Archive

/// A reader in Python that knows only docs/repository-format.md must read what this module writes.
struct IndependentReaderTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Interop/read_repository.py").path

    private static let isReady =
        getenv("CI").map { String(cString: $0) } == "true" || system("python3 -c 'import zstandard' 2>/dev/null") == 0

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(.enabled(if: isReady, "pip install zstandard to run")) func pythonReadsEveryDocument() throws {
        let spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
        let repository = try OpenRepository.create(
            LocalStore(folder.makeFolder("store")), now: Date(timeIntervalSince1970: 1_750_000_000))
        var settings = SegmentSettings()
        settings.frameBytes = 20_000
        var references: [SegmentReference] = []
        var expected: [UInt8] = []
        for (slice, kind) in [SegmentKind.bulk, .exact, .bulk].enumerated() {
            let samples = Sample.make(500, seed: UInt64(slice), kind: kind)
            let staged = try SegmentWriter(spool: spool, kind: kind, settings: settings).write(samples)
            try repository.put(staged)
            references.append(SegmentReference(staged, slice: slice, shard: slice))
            expected += Sample.lines(samples)
        }
        let header = IndexManifest(
            name: "logs", uuid: "u", shards: 3, definition: "{\"settings\":{}}",
            documents: references.reduce(0) { $0 + $1.documents }, plainBytes: references.reduce(0) { $0 + $1.plainBytes },
            views: [])
        let manifest = try IndexManifestWriter(spool: spool, header: header)
        for reference in references { try manifest.append(reference) }
        try repository.put(manifest: manifest.finish())
        let objects = try ObjectManifestWriter.write(
            [StoredObject(kind: "scripts", name: "s", body: #"{"script":{"source":"é\u2028\n"}}"#)],
            header: ObjectManifest(distribution: "elasticsearch", serverVersion: "8.19.21"), spool: spool)
        try repository.put(manifest: objects)

        let command = "python3 '\(IndependentReaderTests.script)' '\(folder.path)/store'"
        #expect(system("\(command) --print > '\(folder.path)/out'") == 0)
        #expect(try Array(Data(contentsOf: URL(filePath: "\(folder.path)/out"))) == expected)
        #expect(system("\(command) | grep -q '^elasticsearch 8.19.21: 1 objects, whole$'") == 0)

        let victim = repository.store.location + "/" + ObjectKey.segment(references[1].id).text
        var bytes = try Data(contentsOf: URL(filePath: victim))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: victim))
        #expect(system("\(command) > /dev/null 2>&1") != 0)
    }
}
