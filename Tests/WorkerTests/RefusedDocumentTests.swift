import Archive
import Crypto
import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// Documents that the target refuses for good are counted, listed and kept.
@Suite struct RefusedDocumentTests {
    let fixture: LoadFixture

    init() throws { fixture = try LoadFixture() }

    /// Refuses the documents whose number satisfies `isRefused`.
    private func server(refusing isRefused: @escaping @Sendable (Int) -> Bool) throws -> BulkServer {
        try BulkServer(fate: { id, _ in
            guard let number = Int(id), isRefused(number) else { return nil }
            return (400, "mapper_parsing_exception", "failed to parse field [n] " + String(repeating: "x", count: 400))
        })
    }

    /// Action and source of each document of a segment of refused ones.
    private func kept(_ segment: StoredSegment) throws -> [(action: JSONValue, source: String)] {
        let id = try #require(Digest(hex: segment.id))
        let reader = try SegmentReader(store: RepositoryStore(fixture.local), id: id, storedBytes: segment.storedBytes)
        try reader.verify()
        #expect(reader.kind == .exact && reader.documents == segment.documents)
        var found: [(JSONValue, String)] = []
        for frame in reader.frames.indices {
            var documents = ExactDocuments(in: try reader.frame(frame))
            while let document = try documents.next() {
                found.append((try JSONValue(parsing: document.action), String(decoding: document.source, as: UTF8.self)))
            }
        }
        return found
    }

    @Test func theyAreKeptWithTheirErrors() throws {
        try fixture.fill(documents: 100, routing: "r")
        fixture.plan.allowPartial = true
        let server = try server { $0.isMultiple(of: 4) }
        let part = try fixture.run(server, gate: BulkGate(bodyBytes: 900))
        #expect(part.end == nil && part.documents == 75 && part.rejected == 25 && server.stored.count == 75)

        let rejections = try #require(part.rejections)
        #expect(rejections.count == 10)
        #expect(rejections.allSatisfy { $0.status == 400 && $0.type == "mapper_parsing_exception" && $0.reason.count == 300 })
        #expect(rejections.allSatisfy { Int($0.id)?.isMultiple(of: 4) == true })

        let segment = try #require(part.segments.first)
        #expect(part.segments.count == 1 && segment.kind == "rejects" && segment.documents == 25)
        let kept = try kept(segment)
        #expect(
            Dictionary(uniqueKeysWithValues: kept.map { ($0.action[path: ["index", "_id"]]?.string ?? "", $0.source) })
                == fixture.documents.filter { Int($0.key)?.isMultiple(of: 4) == true })
        let first = try #require(kept.first?.action)
        #expect(first[path: ["index", "routing"]] == "r" && first[path: ["rejected", "status"]] == 400)
        #expect(first[path: ["rejected", "type"]] == "mapper_parsing_exception")
        #expect(
            first[path: ["rejected", "reason"]]?.string?.hasPrefix("mapper_parsing_exception: failed to parse field [n] x")
                == true)
    }

    @Test func theyCanBeWrittenAsLinesForAnImport() throws {
        // Raw line ends, and a comment, which no JSON parser but the engines' takes.
        let sources = ["{\n\"n\":0}", "{\"n\":1}", "{\"n\":2 /* two */}"]
        try fixture.fill(documents: 3, routing: "r", source: { sources[$0] })
        fixture.plan.allowPartial = true
        let part = try fixture.run(try server { _ in true })
        #expect(part.rejected == 3)
        var lines: [UInt8] = []
        let report = try RejectsExport(store: RepositoryStore(fixture.local)).run(part.segments.map(\.id)) { lines += $0 }
        #expect(report.documents == 3 && report.bytes == lines.count && report.flattened == 1)

        let path = "\(fixture.folder.path)/refused"
        try Data(lines).write(to: URL(filePath: path))
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        var reader = try ImportReader(file: handle.fileDescriptor, name: "refused")
        var found: [String: String] = [:]
        while let document = try reader.next() {
            #expect(document.routing.map { String(decoding: $0, as: UTF8.self) } == "\"r\"")
            found[String(decoding: document.id, as: UTF8.self)] = String(decoding: document.source, as: UTF8.self)
        }
        #expect(found == ["\"0\"": "{ \"n\":0}", "\"1\"": sources[1], "\"2\"": sources[2]])
        let first = try JSONValue(parsing: Array(try #require(lines.split(separator: 0x0A).first)))
        #expect(first[path: ["error", "type"]] == "mapper_parsing_exception" && first[path: ["error", "status"]] == 400)
    }

    @Test func segmentsOfSnapshotsAreNotTakenForRefusedDocuments() throws {
        try fixture.fill(documents: 3)
        let export = RejectsExport(store: RepositoryStore(fixture.local))
        let segment = try #require(fixture.segments.first).id
        for (id, code) in [
            (segment.hex, TransferError.Code.refused), (String(repeating: "0", count: 64), .notFound), ("3124", .notFound),
        ] {
            let error = #expect(throws: TransferError.self) { _ = try export.run([id]) { _ in } }
            #expect(error?.code == code, "\(id): \(String(describing: error))")
        }
    }

    @Test func withoutLeaveTheUnitEndsSoonAfterTheFirst() throws {
        try fixture.fill(documents: 4_000)
        let server = try server { $0 == 3 }
        let part = try fixture.run(server, gate: BulkGate(bodyBytes: 800))
        #expect(part.rejected == 1 && part.rejections?.map(\.id) == ["3"])
        // What was decided is counted, and the next unit would begin right behind it.
        let cursor = try #require(part.end.flatMap { SegmentCursor($0) })
        #expect(part.documents == server.stored.count && part.documents < 1_000)
        var before = 0
        for (number, segment) in fixture.segments[...cursor.segment].enumerated() {
            let reader = try SegmentReader(
                store: RepositoryStore(fixture.local), id: segment.id, storedBytes: segment.storedBytes)
            before += reader.frames.prefix(number < cursor.segment ? reader.frames.count : cursor.frame).reduce(0) {
                $0 + $1.documents
            }
        }
        #expect(part.documents + 1 == before)
    }

    @Test func aRequestThatOneDocumentSpoilsCostsThatDocumentAlone() throws {
        try fixture.fill(documents: 200)
        fixture.plan.allowPartial = true
        let server = try BulkServer { _, request in
            request.text.contains(#""_id":"77""#)
                ? StubServer.Reply(400, #"{"error":{"type":"illegal_argument_exception"}}"#) : nil
        }
        let part = try fixture.run(server)
        #expect(part.documents == 199 && part.rejections?.map(\.id) == ["77"])
        #expect(try kept(try #require(part.segments.first)).map(\.source) == [try #require(fixture.documents["77"])])
    }

    @Test func exactDocumentsAreKeptToo() throws {
        try fixture.fill(documents: 8, source: { "{\n\"n\":\($0)}" })
        fixture.plan.allowPartial = true
        let part = try fixture.run(try server { $0 == 5 })
        #expect(part.documents == 7 && part.rejected == 1)
        #expect(try kept(try #require(part.segments.first)).map(\.source) == ["{\n\"n\":5}"])
    }

    @Test func aRepositoryThatCannotBeWrittenLeavesTheirIds() throws {
        try fixture.fill(documents: 60)
        fixture.plan.allowPartial = true
        fixture.store = SealedStore(under: fixture.local, code: .accessDenied)
        let part = try fixture.run(try server { $0 < 40 })
        #expect(part.documents == 20 && part.rejected == 40 && part.segments.isEmpty)
        #expect(Set(part.rejections?.map(\.id) ?? []) == Set((0..<40).map(String.init)))
    }

    @Test func aRepositoryThatIsOutOfReachFailsTheUnit() throws {
        try fixture.fill(documents: 20)
        fixture.plan.allowPartial = true
        fixture.store = SealedStore(under: fixture.local, code: .unreachable)
        let error = #expect(throws: ArchiveError.self) { try fixture.run(try server { $0 == 1 }) }
        #expect(error?.isRetryable == true)
    }
}

/// A store that can be read alone.
private struct SealedStore: ObjectStore {
    private let under: LocalStore
    private let code: ArchiveError.Code

    init(under store: LocalStore, code: ArchiveError.Code) {
        under = store
        self.code = code
    }

    var location: String { under.location }

    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult { throw ArchiveError(code, "sealed") }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        throw ArchiveError(code, "sealed")
    }

    func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? { nil }

    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? { try under.get(key) }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try under.read(key, range) }

    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try under.size(key) }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try under.list(prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) throws(ArchiveError) { throw ArchiveError(code, "sealed") }

    func now() throws(ArchiveError) -> Date { try under.now() }

    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { throw ArchiveError(code, "sealed") }
}
