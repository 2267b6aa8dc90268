import Crypto
import FoundationEssentials
import Glibc
import Testing

@testable import Archive

struct SegmentTests {
    private let folder: TemporaryFolder
    private let spool: Spool
    private let store = MemoryStore()

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
    }

    private func makeWriter(_ kind: SegmentKind, frameBytes: Int = 1 << 20) throws -> SegmentWriter {
        var settings = SegmentSettings()
        settings.frameBytes = frameBytes
        return try SegmentWriter(store: plainStore, spool: spool, kind: kind, settings: settings)
    }

    private func put(_ samples: [Sample], kind: SegmentKind = .bulk, frameBytes: Int = 1 << 20) throws -> StagedSegment {
        let staged = try makeWriter(kind, frameBytes: frameBytes).write(samples)
        _ = try store.upload(contentsOf: staged.file.path, at: .segment(staged.id))
        return staged
    }

    private func plain(_ reader: SegmentReader) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for index in reader.frames.indices { bytes += try reader.frame(index) }
        return bytes
    }

    @Test(arguments: 1...8) func bulkSegmentGivesBackItsLines(seed: UInt64) throws {
        let samples = Sample.make(Int(seed) * 97, seed: seed)
        let staged = try put(samples, frameBytes: 2_000)
        let reader = try SegmentReader(store: RepositoryStore(store), id: staged.id, windowBytes: 5_000)
        #expect(try plain(reader) == Sample.lines(samples))
        #expect(reader.kind == .bulk)
        #expect(reader.documents == samples.count)
        #expect(staged.documents == samples.count)
        #expect(staged.plainBytes == Sample.lines(samples).count)
        #expect(staged.frames == reader.frames.count)
        #expect(reader.frames.count > 3)
        #expect(store.size(.segment(staged.id)) == staged.storedBytes)
        try reader.verify()
    }

    @Test(arguments: 1...8) func exactSegmentGivesBackItsDocuments(seed: UInt64) throws {
        let samples = Sample.make(Int(seed) * 61, seed: seed, kind: .exact)
        let staged = try put(samples, kind: .exact, frameBytes: 3_000)
        let reader = try SegmentReader(store: RepositoryStore(store), id: staged.id, storedBytes: staged.storedBytes)
        var read: [Sample] = []
        for index in reader.frames.indices {
            var documents = ExactDocuments(in: try reader.frame(index))
            while let document = try documents.next() {
                let id = try #require(document.action.split(separator: UInt8(ascii: "\"")).dropFirst(5).first)
                read.append(Sample(String(decoding: id, as: UTF8.self), Array(document.source)))
                #expect(read.last?.action == document.action)
            }
        }
        #expect(read == samples)
        try reader.verify()
    }

    @Test func framesAreReadInAnyOrder() throws {
        let samples = Sample.make(300, seed: 5)
        let staged = try put(samples, frameBytes: 1_500)
        let reader = try SegmentReader(store: RepositoryStore(store), id: staged.id, windowBytes: 2_000)
        let forward = try reader.frames.indices.map { try Array(reader.frame($0)) }
        let backward = try reader.frames.indices.reversed().map { try Array(reader.frame($0)) }
        #expect(backward.reversed() == forward)
        #expect(forward.allSatisfy { $0.last == 10 && $0.starts(with: Array("{\"index\"".utf8)) })
    }

    @Test func hugeDocumentHasItsOwnFrame() throws {
        var generator = SeededGenerator(seed: 30)
        var noise = [UInt8](repeating: UInt8(ascii: "x"), count: 30 << 20)
        for offset in stride(from: 0, to: noise.count, by: 7) { noise[offset] = UInt8(32 + generator.next() % 64) }
        let huge = Sample("huge", noise)
        let samples = [Sample("a", [1, 2])] + [huge] + Sample.make(20, seed: 9)
        let staged = try put(samples)
        let reader = try SegmentReader(store: RepositoryStore(store), id: staged.id)
        #expect(reader.frames.map(\.documents) == [1, 1, 20])
        #expect(try plain(reader) == Sample.lines(samples))
        try reader.verify()
    }

    @Test func writerStartsTheNextSegmentByItself() throws {
        let writer = try makeWriter(.bulk)
        #expect(try writer.finish() == nil)
        let samples = Sample.make(10, seed: 1)
        let first = try writer.write(samples)
        let second = try writer.write(samples)
        // Same documents, other salt: no writer can come to share a segment with another.
        #expect(first.id != second.id)
        #expect(first.plainBytes == second.plainBytes)
        #expect(try writer.finish() == nil)
    }

    @Test func fullSegmentSaysSo() throws {
        var settings = SegmentSettings()
        settings.segmentBytes = 1_000
        let writer = try SegmentWriter(store: plainStore, spool: spool, kind: .bulk, settings: settings)
        while !writer.isFull { try writer.append(Sample("1", Array(repeating: 97, count: 90))) }
        #expect(writer.plainBytes >= 1_000 && writer.plainBytes < 1_120)
    }

    @Test(arguments: [SegmentKind.bulk, .exact], ["a\nb", "a\r", ""]) func wrongSourceForItsKindIsRefused(
        kind: SegmentKind, text: String
    ) throws {
        let writer = try makeWriter(kind)
        let outcome = code { try writer.append(Sample("1", Array(text.utf8))) }
        #expect(outcome == (kind == .exact && !text.isEmpty ? nil : .invalid))
        try writer.append(Sample("2", [97]))
        #expect(try writer.finish()?.documents == (outcome == nil ? 2 : 1))
    }

    @Test func kindFollowsFromTheSource() {
        for (text, kind) in [("{}", SegmentKind.bulk), ("{\n}", .exact), ("{}\r", .exact), ("{\r}", .bulk), ("\\n", .bulk)] {
            #expect(Array(text.utf8).withUnsafeBytes(SegmentKind.required) == kind)
        }
    }

    @Test func zstdProgramPrintsTheLines() throws {
        let samples = Sample.make(2_000, seed: 77)
        let staged = try put(samples, frameBytes: 50_000)
        let output = "\(folder.path)/out"
        #expect(system("zstd -dc < '\(staged.file.path)' > '\(output)' && zstd -tq < '\(staged.file.path)'") == 0)
        #expect(try Array(Data(contentsOf: URL(filePath: output))) == Sample.lines(samples))
    }

    @Test func nameIsTheDigestOfTheStoredBytes() throws {
        let staged = try put(Sample.make(10, seed: 3))
        #expect(try SHA256.digest(of: #require(try store.get(.segment(staged.id)))) == staged.id)
    }

    @Test func absentSegmentIsToldApart() throws {
        let id = try SHA256.digest(of: [])
        #expect(code { _ = try SegmentReader(store: RepositoryStore(store), id: id) } == .notFound)
    }
}
