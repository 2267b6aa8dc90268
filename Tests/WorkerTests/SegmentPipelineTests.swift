import Archive
import Crypto
import Runtime
import Sessions
import Testing

@testable import Worker

/// Threads that share a segment keep its order, its bounds and its errors.
@Suite struct SegmentPipelineTests {
    let folder: TemporaryFolder
    let spool: Spool

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
    }

    private func settings(frame: Int, segment: Int) -> SegmentSettings {
        var settings = SegmentSettings()
        (settings.frameBytes, settings.segmentBytes) = (frame, segment)
        return settings
    }

    private func run(_ pipeline: SegmentPipeline, threads: Int, _ body: () throws -> Void) throws {
        let running = try (0..<threads).map { _ in try DedicatedThread(name: "pipeline") { pipeline.run() } }
        defer {
            pipeline.close()
            withExtendedLifetime(running) {}
        }
        try body()
    }

    private func give(_ lines: Int, from first: Int, to pipeline: SegmentPipeline) throws {
        let frame = try pipeline.takeFrame()
        for number in first..<(first + lines) {
            Array("{\"index\":{\"_id\":\"\(number)\"}}\n{}\n".utf8).withUnsafeBytes(frame.append)
            frame.documents += 1
        }
        try pipeline.submit(frame, .bulk)
    }

    private func ids(of segments: [StoredSegment], in store: RepositoryStore) throws -> [Int] {
        try segments.flatMap { segment in
            let reader = try SegmentReader(store: store, id: try #require(Digest(hex: segment.id)))
            return try reader.frames.indices.flatMap { frame in
                String(decoding: try reader.frame(frame), as: UTF8.self).split(separator: "\n").compactMap {
                    $0.hasPrefix("{\"index\"") ? Int($0.dropFirst(17).prefix { $0 != "\"" }) : nil
                }
            }
        }
    }

    /// Frames of very different cost, so that threads overtake each other.
    @Test(arguments: 1...4) func documentsStayInTheirOrder(threads: Int) throws {
        let store = RepositoryStore(try LocalStore(folder.makeFolder("repository")))
        let pipeline = SegmentPipeline(store: store, spool: spool, settings: settings(frame: 200_000, segment: 300_000))
        var next = 0
        try run(pipeline, threads: threads) {
            for round in 0..<60 {
                let lines = round % 3 == 0 ? 4_000 : 1 + round % 5
                try give(lines, from: next, to: pipeline)
                next += lines
            }
            try pipeline.finish()
        }
        #expect(pipeline.segments.count > 3)
        #expect(try ids(of: pipeline.segments, in: store) == Array(0..<next))
        #expect(spool.usedBytes == 0)
    }

    @Test(arguments: 1...3) func aStoreThatFailsEndsAllThreadsWithItsError(threads: Int) throws {
        let store = UploadStore(try LocalStore(folder.makeFolder("repository")), limit: 2)
        let pipeline = SegmentPipeline(
            store: RepositoryStore(store), spool: spool, settings: settings(frame: 4_000, segment: 4_000))
        let failure = #expect(throws: ArchiveError.self) {
            try run(pipeline, threads: threads) {
                for round in 0..<1_000 { try give(100, from: round * 100, to: pipeline) }
                try pipeline.finish()
            }
        }
        #expect(failure?.code == .unreachable)
        // Only what is durable counts, and none behind a gap.
        let stored = try ids(of: pipeline.segments, in: RepositoryStore(store))
        #expect(stored == Array(0..<stored.count) && pipeline.segments.count <= 2)
        #expect(throws: ArchiveError.self) { try pipeline.finish() }
    }

    @Test func threadsThatAreLetGoEndWithTheWorkUndone() throws {
        let store = RepositoryStore(try LocalStore(folder.makeFolder("repository")))
        let pipeline = SegmentPipeline(store: store, spool: spool, settings: settings(frame: 400_000, segment: 1 << 30))
        try run(pipeline, threads: 3) {
            for round in 0..<7 { try give(9_000, from: round * 9_000, to: pipeline) }
        }
        #expect(pipeline.segments.isEmpty)
    }

    @Test func aFrameThatIsNotWhatItSaysIsRefused() throws {
        let store = RepositoryStore(try LocalStore(folder.makeFolder("repository")))
        let pipeline = SegmentPipeline(store: store, spool: spool, settings: settings(frame: 4_000, segment: 4_000))
        let failure = #expect(throws: ArchiveError.self) {
            try run(pipeline, threads: 2) {
                let frame = try pipeline.takeFrame()
                Array("{}\n{}\n{}\n".utf8).withUnsafeBytes(frame.append)
                frame.documents = 1
                try pipeline.submit(frame, .bulk)
                try pipeline.finish()
            }
        }
        #expect(failure?.code == .invalid)
    }
}
