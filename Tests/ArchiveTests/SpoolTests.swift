import FoundationEssentials
import Glibc
import Testing

@testable import Archive

struct SpoolTests {
    private let folder: TemporaryFolder
    private var parent: String { "\(folder.path)/spool" }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func entries() throws -> [String] {
        try folder.names(in: "spool").filter { $0 != ".lock" }
    }

    @Test func folderOfADeadProcessIsWiped() throws {
        _ = try folder.makeFolder("spool/spool-99999999-0")
        _ = try folder.write([1], to: "spool/spool-99999999-0/lock")
        _ = try folder.write([1, 2, 3], to: "spool/spool-99999999-0/7")
        _ = try folder.makeFolder("spool/spool-99999998-0")
        let spool = try Spool(in: parent, limit: 1)
        #expect(try entries().map { "\(parent)/\($0)" } == [spool.folder])
    }

    @Test func folderOfALivingProcessStays() throws {
        let first = try Spool(in: parent, limit: 1 << 20)
        let staged = try SegmentWriter(spool: first, kind: .bulk).write(Sample.make(5, seed: 1))
        let second = try Spool(in: parent, limit: 1)
        #expect(first.folder != second.folder)
        #expect(access(staged.file.path, R_OK) == 0)
    }

    @Test func otherFilesInTheParentStay() throws {
        _ = try folder.makeFolder("spool/precious")
        _ = try Spool(in: parent, limit: 1)
        #expect(try entries() == ["precious"])
    }

    @Test func boundIsToldAndFreedAgain() throws {
        let spool = try Spool(in: parent, limit: 5_000)
        let writer = try SegmentWriter(spool: spool, kind: .bulk)
        var staged: StagedSegment? = try writer.write(Sample.make(10, seed: 1, largest: 300))
        #expect(spool.usedBytes == staged?.storedBytes)
        var generator = SeededGenerator(seed: 4)
        let noise = Sample("1", (0..<2_000_000).map { _ in UInt8.random(in: 32...126, using: &generator) })
        let error = #expect(throws: ArchiveError.self) { try writer.append(noise) }
        #expect(error?.code == .noSpace)
        #expect(error?.isRetryable == true)
        #expect(spool.usedBytes == staged?.storedBytes)
        staged = nil
        #expect(spool.usedBytes == 0)
        #expect(try folder.names(in: "spool/\(#require(entries().first))") == ["lock"])
    }

    @Test func abandonedWriterLeavesNothing() throws {
        let spool = try Spool(in: parent, limit: 1 << 20)
        do {
            let writer = try SegmentWriter(spool: spool, kind: .bulk)
            try writer.append(Sample("1", [97]))
            #expect(spool.usedBytes > 0)
        }
        #expect(spool.usedBytes == 0)
        #expect(try folder.names(in: "spool/\(#require(entries().first))") == ["lock"])
    }
}
