import FoundationEssentials
import Glibc
import Testing

@testable import Archive

struct LocalStoreTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func missingMountIsToldAndNotWrittenBeneath() throws {
        #expect(code { _ = try LocalStore("\(folder.path)/absent") } == .unreachable)
        let root = try folder.makeFolder("mount")
        let store = try LocalStore(root)
        _ = try store.put([1], at: ObjectKey("a/b"))
        try FileManager.default.removeItem(atPath: root)
        let key = try ObjectKey("a/b")
        #expect(code { _ = try store.put([1], at: key) } == .unreachable)
        #expect(code { _ = try store.get(key) } == .unreachable)
        #expect(code { _ = try store.list("", after: nil, limit: 1) } == .unreachable)
        #expect(code { try store.delete(key) } == .unreachable)
        #expect(!FileManager.default.fileExists(atPath: root))
    }

    @Test func anotherFolderInTheRootsPlaceIsNotWritten() throws {
        let root = try folder.makeFolder("mount")
        let store = try LocalStore(root)
        _ = try store.put([1], at: ObjectKey("a/b"))
        try FileManager.default.moveItem(atPath: root, toPath: "\(folder.path)/aside")
        _ = try folder.makeFolder("mount")
        let spooled = try folder.write([2], to: "spooled")
        #expect(code { _ = try store.put([2], at: ObjectKey("a/c")) } == .unreachable)
        #expect(code { _ = try store.upload(contentsOf: spooled, at: ObjectKey("a/d")) } == .unreachable)
        #expect(code { _ = try store.get(ObjectKey("a/b")) } == .unreachable)
        #expect(try FileManager.default.contentsOfDirectory(atPath: root).isEmpty)
    }

    @Test func leftoversOfCrashedWritesAreHiddenAndCleanedWhenOld() throws {
        let root = try folder.makeFolder("store")
        let store = try LocalStore(root)
        _ = try store.put([1], at: ObjectKey("FORMAT"))
        let old = try folder.write([1, 2], to: "store/.staging/old")
        let young = try folder.write([1, 2], to: "store/.staging/young")
        var times = [timespec(tv_sec: time(nil) - 7_200, tv_nsec: 0), timespec(tv_sec: time(nil) - 7_200, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, old, &times, 0) == 0)
        #expect(try store.list("", after: nil, limit: 10).map(\.key.text) == ["FORMAT"])
        #expect(try store.removeLeftovers(olderThan: 3_600) == 1)
        #expect(try folder.names(in: "store/.staging") == ["young"])
        _ = young
    }

    @Test func writesLeaveNoStagedFileBehind() throws {
        let store = try LocalStore(folder.makeFolder("store"))
        for _ in 0..<2 { _ = try store.put([1], at: ObjectKey("a")) }
        _ = try store.upload(contentsOf: folder.write([1], to: "file"), at: ObjectKey("b"))
        #expect(try folder.names(in: "store/.staging").isEmpty)
    }

    @Test func foreignFilesInAMountAreNotObjects() throws {
        let store = try LocalStore(folder.makeFolder("store"))
        _ = try folder.makeFolder("store/lost+found")
        _ = try folder.write([1], to: "store/.nfs0001")
        #expect(try store.list("", after: nil, limit: 10).isEmpty)
    }

    @Test func folderWhereAnObjectShouldBeIsTold() throws {
        let store = try LocalStore(folder.makeFolder("store"))
        _ = try folder.makeFolder("store/FORMAT")
        #expect(code { _ = try store.put([1], at: .format) } == .invalid)
    }

    @Test func fileFromAnotherFileSystemIsCopied() throws {
        try #require(access("/dev/shm", W_OK) == 0)
        let source = "/dev/shm/archive-\(UUID().uuidString)"
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        try Data(bytes).write(to: URL(filePath: source))
        defer { unlink(source) }
        let store = try LocalStore(folder.makeFolder("store"))
        #expect(try store.upload(contentsOf: source, at: ObjectKey("a/b")) == .created)
        #expect(try store.upload(contentsOf: source, at: ObjectKey("a/b")) == .existing)
        #expect(try store.get(ObjectKey("a/b")) == bytes)
        #expect(try folder.names(in: "store/.staging").isEmpty)
    }

    @Test(.enabled(if: canMount, "run as root to mount a small tmpfs")) func fullDiskIsToldAndLeavesNothing() throws {
        let root = try folder.makeFolder("full")
        #expect(mount("tmpfs", root, "tmpfs", 0, "size=1m") == 0)
        defer { umount2(root, Int32(MNT_DETACH)) }
        let store = try LocalStore(root)
        let error = #expect(throws: ArchiveError.self) {
            _ = try store.put([UInt8](repeating: 1, count: 4 << 20), at: ObjectKey("big"))
        }
        #expect(error?.code == .noSpace)
        #expect(error?.isRetryable == true)
        #expect(try store.get(ObjectKey("big")) == nil)
        #expect(try folder.names(in: "full/.staging").isEmpty)
        #expect(try store.put([1], at: ObjectKey("small")) == .created)
        let spool = try Spool(in: "\(root)/spool", limit: 1 << 30)
        let writer = try SegmentWriter(store: plainStore, spool: spool, kind: .bulk)
        var generator = SeededGenerator(seed: 1)
        let noise = Sample("1", (0..<(3 << 20)).map { _ in UInt8.random(in: 32...126, using: &generator) })
        #expect(code { try writer.append(noise) } == .noSpace)
        #expect(code { _ = try writer.finish() } == .invalid)
        #expect(spool.usedBytes == 0)
    }

    @Test(.enabled(if: canMount, "run as root to mount a tmpfs")) func readOnlyFileSystemIsTold() throws {
        let root = try folder.makeFolder("readonly")
        #expect(mount("tmpfs", root, "tmpfs", UInt(MS_RDONLY), "size=1m") == 0)
        defer { umount2(root, Int32(MNT_DETACH)) }
        let error = #expect(throws: ArchiveError.self) { _ = try LocalStore(root).put([1], at: ObjectKey("a")) }
        #expect(error?.code == .accessDenied)
        #expect(error?.message.contains("read-only") == true)
    }

    /// Root without the capability, as in most containers, cannot mount either.
    private static var canMount: Bool {
        guard getuid() == 0, let folder = try? TemporaryFolder() else { return false }
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount2(folder.path, Int32(MNT_DETACH)) == 0
    }
}
