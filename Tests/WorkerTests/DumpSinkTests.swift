import Archive
import Crypto
import Sessions
import Testing

@testable import Worker

/// Documents go from a page into segments, byte for byte.
@Suite struct DumpSinkTests {
    let folder: TemporaryFolder
    let store: UploadStore
    let sink: DumpSink

    init() throws {
        folder = try TemporaryFolder()
        store = UploadStore(try LocalStore(try folder.makeFolder("repository")))
        var settings = SegmentSettings()
        settings.frameBytes = 400
        settings.segmentBytes = 1000
        sink = DumpSink(
            store: RepositoryStore(store), spool: try Spool(in: "\(folder.path)/spool", limit: 1 << 30), settings: settings)
    }

    private func take(_ id: String, routing: String? = nil, _ source: String) throws {
        try Array(id.utf8).withUnsafeBytes { id in
            try Array(source.utf8).withUnsafeBytes { source in
                guard let routing else { return try sink.take(id: id, routing: nil, source: source, sort: source) }
                try Array(routing.utf8).withUnsafeBytes { try sink.take(id: id, routing: $0, source: source, sort: source) }
            }
        }
    }

    private func text(of segment: StoredSegment) throws -> String {
        let id = try #require(Digest(hex: segment.id))
        let reader = try SegmentReader(store: RepositoryStore(store), id: id, storedBytes: segment.storedBytes)
        try reader.verify()
        var text = ""
        for frame in reader.frames.indices { text += String(decoding: try reader.frame(frame), as: UTF8.self) }
        return text
    }

    @Test func aDocumentBecomesTwoBulkLinesWithItsBytesUntouched() throws {
        try take(#""1""#, #"{ "a" : 1.0, "b":"ü" }"#)
        try take(#""é\"2""#, routing: #""r 1""#, "{}")
        try sink.finish()
        let segment = try #require(sink.segments.first)
        #expect(segment.kind == "bulk" && sink.segments.count == 1)
        #expect(
            try text(of: segment) == """
                {"index":{"_id":"1"}}
                { "a" : 1.0, "b":"ü" }
                {"index":{"_id":"é\\"2","routing":"r 1"}}
                {}

                """)
    }

    @Test func documentsThatABulkLineCannotHoldGoToTheirOwnKind() throws {
        try take(#""1""#, "{\"a\":1}")
        try take(#""2""#, "{\n\"a\":2}")
        try take(#""3""#, "{\"a\":3}")
        try sink.finish()
        #expect(sink.segments.map(\.kind) == ["bulk", "exact"])
        #expect(sink.segments.map(\.documents) == [2, 1])
        let exact = try #require(sink.segments.last)
        let reader = try SegmentReader(
            store: RepositoryStore(store), id: try #require(Digest(hex: exact.id)), storedBytes: exact.storedBytes)
        var documents = ExactDocuments(in: try reader.frame(0))
        let document = try #require(try documents.next())
        #expect(String(decoding: document.action, as: UTF8.self) == #"{"index":{"_id":"2"}}"#)
        #expect(String(decoding: document.source, as: UTF8.self) == "{\n\"a\":2}")
    }

    @Test func fullSegmentsAreStoredAtOnceAndTheSumsAgree() throws {
        for number in 0..<100 { try take("\"\(number)\"", "{\"text\":\"\(String(repeating: "x", count: number))\"}") }
        // Larger than a frame: it waits until all before it is written, and each thread stores one segment at most by then.
        try take("\"100\"", "{\"text\":\"\(String(repeating: "x", count: 500))\"}")
        #expect(store.uploads(of: "segments/") > 2, "a full segment waited for the end")
        try sink.finish()
        #expect(sink.documents == 101)
        #expect(sink.segments.reduce(0) { $0 + $1.documents } == 101)
        #expect(sink.segments.reduce(0) { $0 + $1.bytes } == sink.bytes)
        #expect(sink.segments.reduce(0) { $0 + $1.storedBytes } == sink.storedBytes)
        let lines = try sink.segments.map { try text(of: $0) }.joined().split(separator: "\n")
        #expect(lines.count == 202)
        #expect(
            lines.enumerated().filter { $0.offset % 2 == 0 }.map(\.element) == (0...100).map { "{\"index\":{\"_id\":\"\($0)\"}}" }
        )
        #expect(lines.reduce(0) { $0 + $1.utf8.count + 1 } == sink.bytes)
    }

    @Test func documentsLargerThanAFrameStayInTheirPlace() throws {
        let large = "{\"text\":\"\(String(repeating: "x", count: 900))\"}"
        try take("\"1\"", "{}")
        try take("\"2\"", routing: "\"r\"", large)
        try take("\"3\"", "{\n\"t\":\"\(large.dropFirst(1).dropLast(1).count)\"}")
        try take("\"4\"", "{\n" + large.dropFirst())
        try take("\"5\"", "{}")
        try sink.finish()
        let bulk = try sink.segments.filter { $0.kind == "bulk" }.map { try text(of: $0) }.joined()
        #expect(
            bulk == """
                {"index":{"_id":"1"}}
                {}
                {"index":{"_id":"2","routing":"r"}}
                \(large)
                {"index":{"_id":"5"}}
                {}

                """)
        #expect(sink.segments.filter { $0.kind == "exact" }.reduce(0) { $0 + $1.documents } == 2)
        #expect(sink.segments.reduce(0) { $0 + $1.bytes } == sink.bytes)
        let exact = try sink.segments.filter { $0.kind == "exact" }.map { try text(of: $0) }.joined()
        #expect(exact.contains("{\"index\":{\"_id\":\"4\"},\"length\":\(large.utf8.count + 1)}\n{\n"))
    }

    /// Frames are used again: what one held must not show through in another.
    @Test(arguments: [1, 7]) func whatComesOutIsWhatWentIn(seed: UInt64) throws {
        var generator = SeededNumbers(state: seed)
        var expected: [SegmentKind: String] = [.bulk: "", .exact: ""]
        for number in 0..<3000 {
            let isExact = generator.next() % 10 == 0
            let size = Int(generator.next() % (generator.next() % 50 == 0 ? 1500 : 120))
            let source =
                "{\(isExact ? "\n" : "")\"t\":\"\(String(repeating: Character(UnicodeScalar(UInt8(97 + number % 26))), count: size))\"}"
            try take("\"\(number)\"", source)
            let length = isExact ? ",\"length\":\(source.utf8.count)" : ""
            expected[isExact ? .exact : .bulk, default: ""] += "{\"index\":{\"_id\":\"\(number)\"}\(length)}\n\(source)\n"
        }
        try sink.finish()
        for (kind, text) in expected {
            let found = try sink.segments.filter { $0.kind == kind.rawValue }.map { try self.text(of: $0) }.joined()
            #expect(found == text)
        }
    }

    /// Whichever half fails, both end, and nothing is taken for stored.
    @Test func aFullDiskEndsTheDump() throws {
        var settings = SegmentSettings()
        settings.frameBytes = 400
        settings.segmentBytes = 1 << 20
        let sink = DumpSink(
            store: RepositoryStore(store), spool: try Spool(in: "\(folder.path)/small", limit: 2000), settings: settings)
        let failure = #expect(throws: ArchiveError.self) {
            var generator = SeededNumbers(state: 3)
            while true {
                let text = "{\"n\":[\(generator.next()),\(generator.next())]}"
                try Array("\"1\"".utf8).withUnsafeBytes { id in
                    try Array(text.utf8).withUnsafeBytes { try sink.take(id: id, routing: nil, source: $0, sort: $0) }
                }
            }
        }
        #expect(failure?.code == .noSpace)
        #expect(throws: ArchiveError.self) { try sink.finish() }
        #expect(sink.segments.isEmpty)
    }

    @Test func aUnitThatIsGivenUpLeavesNothingInTheSpool() throws {
        let spool = try Spool(in: "\(folder.path)/left", limit: 1 << 20)
        var settings = SegmentSettings()
        settings.frameBytes = 100
        var sink: DumpSink? = DumpSink(store: RepositoryStore(store), spool: spool, settings: settings)
        for number in 0..<50 {
            try Array("\"\(number)\"".utf8).withUnsafeBytes { id in
                try Array("{\"a\":\(number)}".utf8).withUnsafeBytes { try sink?.take(id: id, routing: nil, source: $0, sort: $0) }
            }
        }
        sink = nil
        #expect(spool.usedBytes == 0)
        #expect(try store.list("", after: nil, limit: 10).isEmpty)
    }

    @Test func anEmptyUnitStoresNothing() throws {
        try sink.finish()
        #expect(sink.segments.isEmpty && sink.storedBytes == 0)
        #expect(try store.list("", after: nil, limit: 10).isEmpty)
    }
}

/// SplitMix64.
private struct SeededNumbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
