import FoundationEssentials
import Glibc
import Testing

@testable import Archive

struct SpoolTests {
    let folder: TemporaryFolder
    var parent: String { "\(folder.path)/spool" }

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

    /// Manifests and `_id`s lie there plain, after a crash until the next start.
    @Test func aFolderThatIsMadeIsForItsOwnerAndGroup() throws {
        for path in ["\(parent)/deep/spool", "\(parent)/other/"] {
            _ = try Spool(in: path, limit: 1)
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o027 == 0, "\(path)")
        }
        let file = try folder.write([1], to: "file")
        let error = #expect(throws: ArchiveError.self) { _ = try Spool(in: "\(file)/spool", limit: 1) }
        #expect(error?.message.contains("create spool folder") == true)
    }

    @Test func folderOfALivingProcessStays() throws {
        let first = try Spool(in: parent, limit: 1 << 20)
        let staged = try SegmentWriter(store: plainStore, spool: first, kind: .bulk).write(Sample.make(5, seed: 1))
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
        let writer = try SegmentWriter(store: plainStore, spool: spool, kind: .bulk)
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
            let writer = try SegmentWriter(store: plainStore, spool: spool, kind: .bulk)
            try writer.append(Sample("1", [97]))
            #expect(spool.usedBytes > 0)
        }
        #expect(spool.usedBytes == 0)
        #expect(try folder.names(in: "spool/\(#require(entries().first))") == ["lock"])
    }

    @Test func aShareHasItsOwnBoundAndCountsForTheWhole() throws {
        let whole = try Spool(in: "\(folder.path)/shared", limit: 3_000)
        let share = whole.share(of: "s1", limit: 1_000, bound: "the template of plan p")
        let file = try SpooledFile(in: share)
        try file.write([UInt8](repeating: 1, count: 800))
        #expect(share.usedBytes == 800 && whole.usedBytes == 800)
        let error = #expect(throws: ArchiveError.self) { try file.write([UInt8](repeating: 1, count: 300)) }
        #expect(error?.code == .noSpace)
        #expect(error?.message.contains("1100 bytes would pass the template of plan p of 1000") == true)
        #expect(share.usedBytes == 800 && whole.usedBytes == 800)
    }

    @Test func theWholeBoundsItsShares() throws {
        let whole = try Spool(in: "\(folder.path)/shared", limit: 1_000)
        let first = whole.share(of: "s1", limit: 900, bound: "b")
        let second = whole.share(of: "s2", limit: 900, bound: "b")
        let file = try SpooledFile(in: first)
        try file.write([UInt8](repeating: 1, count: 800))
        let other = try SpooledFile(in: second)
        #expect(code { try other.write([UInt8](repeating: 1, count: 300)) } == .noSpace)
        #expect(second.usedBytes == 0 && whole.usedBytes == 800)
    }

    @Test func unitsOfOneSessionHaveOneShare() throws {
        let whole = try Spool(in: "\(folder.path)/shared", limit: 1_000)
        do {
            let first = whole.share(of: "s1", limit: 500, bound: "b")
            let second = whole.share(of: "s1", limit: 500, bound: "b")
            #expect(first === second)
            #expect(whole.share(of: "s2", limit: 500, bound: "b") !== first)
            let file = try SpooledFile(in: first).finish()
            #expect(FileManager.default.fileExists(atPath: file.path))
        }
        #expect(whole.usedBytes == 0)
        #expect(try folder.names(in: "shared").count { $0.hasPrefix("spool-") } == 1, "a share has removed the folder")
        #expect(whole.share(of: "s1", limit: 700, bound: "b").limit == 700)
    }
}
