import Crypto
import Testing

@testable import Archive

/// The `_id`s of a segment's documents, beside it.
struct InventoryTests {
    private let folder: TemporaryFolder
    private let spool: Spool
    private let store = MemoryStore()
    private let segment: Digest

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
        segment = try SHA256.digest(of: [1])
    }

    private func store(_ writer: InventoryWriter) throws { try writer.store(for: segment, in: RepositoryStore(store)) }

    private func read(_ frames: [Int]) throws -> [[String]]? {
        try Inventory.read(segment: segment, frames: frames, in: RepositoryStore(store))
    }

    @Test(arguments: [SegmentKind.bulk, .exact]) func framesNameTheirDocuments(kind: SegmentKind) throws {
        let samples = Sample.make(30_000, seed: 4, largest: 300, kind: kind)
        let writer = try InventoryWriter(spool: spool)
        for start in stride(from: 0, to: samples.count, by: 10_000) {
            let documents = Array(samples[start..<start + 10_000])
            let frame = kind == .bulk ? Sample.lines(documents) : documents.flatMap(\.stored)
            try frame.withBytes { (frame) throws(ArchiveError) in try writer.append(frame: frame, kind: kind) }
        }
        try store(writer)
        let ids = try #require(try read([10_000, 1, 19_999]))
        #expect(ids.map(\.count) == [10_000, 1, 19_999])
        #expect(ids.joined().enumerated().allSatisfy { $1 == "\"\($0)\"" })
        #expect(spool.usedBytes == 0)
    }

    @Test func escapesAreKept() throws {
        let ids = [#""""#, #""\"""#, #""\\""#, #""a\\\"b""#, #""\u00e9é""#]
        let writer = try InventoryWriter(spool: spool)
        for (number, id) in ids.enumerated() {
            let action = number % 2 == 0 ? "{\"index\":{\"_id\":\(id),\"routing\":\"x\\\"\"}}" : "{\"create\":{\"_id\":\(id)}}"
            let frame = Array("\(action)\n{\"_id\":\"no\"}\n".utf8)
            try frame.withBytes { (frame) throws(ArchiveError) in try writer.append(frame: frame, kind: .bulk) }
        }
        try store(writer)
        #expect(try read([ids.count]) == [ids])
    }

    @Test(arguments: [
        "{}\n{}\n", "{\"index\":{}}\n{}\n", "{\"index\":{\"_id\":\"a\n{}\n", "{\"index\":{\"_id\":\"a\\",
        "{\"index\":{\"_id\":\"a\"}}\n{}",
    ])
    func framesWithoutIdsAreRefused(text: String) throws {
        let writer = try InventoryWriter(spool: spool)
        let outcome = code {
            try Array(text.utf8).withBytes { (frame) throws(ArchiveError) in try writer.append(frame: frame, kind: .bulk) }
        }
        #expect(outcome == .invalid)
    }

    @Test func otherCountsAreTold() throws {
        let writer = try InventoryWriter(spool: spool)
        for sample in Sample.make(10, seed: 1) {
            try sample.action.withBytes { (action) throws(ArchiveError) in try writer.append(action: action) }
        }
        try store(writer)
        #expect(code { _ = try read([9]) } == .corrupt)
        #expect(code { _ = try read([4, 7]) } == .corrupt)
        #expect(try read([4, 6])?.count == 2)
    }

    @Test func segmentsWithoutOneAreNoError() throws {
        #expect(try read([1]) == nil)
        try store(InventoryWriter(spool: spool))
        #expect(store.size(.inventory(segment)) == nil)
    }
}
