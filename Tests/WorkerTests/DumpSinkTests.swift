import Archive
import Crypto
import Sessions
import Testing

@testable import Worker

/// Documents go from a page into segments, byte for byte.
@Suite struct DumpSinkTests {
    let folder: TemporaryFolder
    let store: LocalStore
    let sink: DumpSink

    init() throws {
        folder = try TemporaryFolder()
        store = try LocalStore(try folder.makeFolder("repository"))
        var settings = SegmentSettings()
        settings.frameBytes = 400
        settings.segmentBytes = 1000
        sink = DumpSink(store: store, spool: try Spool(in: "\(folder.path)/spool", limit: 1 << 30), settings: settings)
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
        let reader = try SegmentReader(store: store, id: id, storedBytes: segment.storedBytes)
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
        let reader = try SegmentReader(store: store, id: try #require(Digest(hex: exact.id)), storedBytes: exact.storedBytes)
        var documents = ExactDocuments(in: try reader.frame(0))
        let document = try #require(try documents.next())
        #expect(String(decoding: document.action, as: UTF8.self) == #"{"index":{"_id":"2"}}"#)
        #expect(String(decoding: document.source, as: UTF8.self) == "{\n\"a\":2}")
    }

    @Test func fullSegmentsAreStoredAtOnceAndTheSumsAgree() throws {
        for number in 0..<100 { try take("\"\(number)\"", "{\"text\":\"\(String(repeating: "x", count: number))\"}") }
        #expect(sink.segments.count > 5, "a full segment waited for the end")
        try sink.finish()
        #expect(sink.documents == 100)
        #expect(sink.segments.reduce(0) { $0 + $1.documents } == 100)
        #expect(sink.segments.reduce(0) { $0 + $1.bytes } == sink.bytes)
        #expect(sink.segments.reduce(0) { $0 + $1.storedBytes } == sink.storedBytes)
        let lines = try sink.segments.map { try text(of: $0) }.joined().split(separator: "\n")
        #expect(lines.count == 200)
        #expect(
            lines.enumerated().filter { $0.offset % 2 == 0 }.map(\.element) == (0..<100).map { "{\"index\":{\"_id\":\"\($0)\"}}" }
        )
        #expect(lines.reduce(0) { $0 + $1.utf8.count + 1 } == sink.bytes)
    }

    @Test func anEmptyUnitStoresNothing() throws {
        try sink.finish()
        #expect(sink.segments.isEmpty && sink.storedBytes == 0)
        #expect(try store.list("", after: nil, limit: 10).isEmpty)
    }
}
