import Glibc
import Synchronization

/// The folder where this process keeps segments until they are stored.
///
/// Below the given folder each process owns `spool-<pid>-<n>`, locked by flock(2) as long as it lives; a start removes the
/// folders whose process is gone. The bound counts bytes of all writers of this process.
package final class Spool: Sendable {
    package let folder: String
    /// In bytes.
    package let limit: Int
    private let used = Atomic<Int>(0)
    private let files = Atomic<Int>(0)
    private let lock: OpenFile

    /// - Parameters:
    ///   - parent: created when missing; on a disk with at least `limit` bytes free.
    ///   - limit: bytes; room for one segment a writer, and one more for each that waits for the store.
    package init(in parent: String, limit: Int) throws(ArchiveError) {
        guard mkdir(parent, 0o750) == 0 || errno == EEXIST else {
            throw ArchiveError(errno: errno, doing: "create spool folder", path: parent)
        }
        // Held while starting, so that nobody mistakes a folder without a lock yet for a dead one.
        let gate = try Spool.open("\(parent)/.lock")
        while flock(gate.descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw ArchiveError(errno: errno, doing: "lock", path: gate.path) }
        }
        try Spool.wipeDead(in: parent)
        folder = try Spool.makeFolder(in: parent)
        lock = try Spool.open("\(folder)/\(Spool.lockName)")
        self.limit = limit
        guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ArchiveError(errno: errno, doing: "lock", path: folder)
        }
    }

    /// What is not removed here, is by the next start.
    deinit {
        _ = unlink("\(folder)/\(Spool.lockName)")
        _ = rmdir(folder)
    }

    /// Bytes that are spooled now.
    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Counts bytes before they are written.
    func reserve(_ bytes: Int) throws(ArchiveError) {
        let total = used.add(bytes, ordering: .relaxed).newValue
        guard total <= limit else {
            release(bytes)
            throw ArchiveError(
                .noSpace,
                "the spool \(folder) is full: \(total) bytes would pass its bound of \(limit); the store is slower than the dump: "
                    + "raise the bound or run fewer units at once")
        }
    }

    func release(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
    }

    func makePath() -> String {
        "\(folder)/\(files.add(1, ordering: .relaxed).newValue)"
    }

    private static let lockName = "lock"
    private static let prefix = "spool-"

    private static func open(_ path: String) throws(ArchiveError) -> OpenFile {
        try OpenFile(path, O_RDWR | O_CREAT, doing: "open")
    }

    /// Called with the gate locked, so that a free number stays free.
    private static func makeFolder(in parent: String) throws(ArchiveError) -> String {
        var number = 0
        while true {
            let path = "\(parent)/\(prefix)\(getpid())-\(number)"
            if mkdir(path, 0o750) == 0 { return path }
            guard errno == EEXIST else { throw ArchiveError(errno: errno, doing: "create", path: path) }
            number += 1
        }
    }

    private static func wipeDead(in parent: String) throws(ArchiveError) {
        for name in try names(in: parent) where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            let lock = try open("\(path)/\(lockName)")
            guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
                guard errno == EWOULDBLOCK else { throw ArchiveError(errno: errno, doing: "lock", path: path) }
                continue
            }
            for file in try names(in: path) where unlink("\(path)/\(file)") != 0 && errno != ENOENT {
                throw ArchiveError(errno: errno, doing: "delete leftover", path: "\(path)/\(file)")
            }
            guard rmdir(path) == 0 || errno == ENOENT else {
                throw ArchiveError(errno: errno, doing: "delete leftover", path: path)
            }
        }
    }

    private static func names(in folder: String) throws(ArchiveError) -> [String] {
        guard let directory = opendir(folder) else { throw ArchiveError(errno: errno, doing: "list", path: folder) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
