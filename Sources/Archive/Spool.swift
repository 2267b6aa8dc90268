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
    /// Nil for a share of another spool.
    private let lock: OpenFile?
    private let whole: Spool?
    /// What the limit is, for messages.
    private let bound: String
    /// What to do when it is full, for messages.
    private let advice: String
    let shares = SpoolShares()

    /// - Parameters:
    ///   - parent: created when missing, for its owner and group alone: documents lie in it as they are until they are stored; on a disk with at least `limit` bytes free.
    ///   - limit: bytes; room for one segment a writer, and one more for each that waits for the store.
    ///   - advice: what to do when it is full, as the end of a sentence.
    package init(in parent: String, limit: Int, advice: String = "raise the bound") throws(ArchiveError) {
        try Spool.make(parent)
        // Held while starting, so that nobody mistakes a folder without a lock yet for a dead one.
        let gate = try Spool.open("\(parent)/.lock")
        while flock(gate.descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw ArchiveError(errno: errno, doing: "lock", path: gate.path) }
        }
        try Spool.wipeDead(in: parent)
        folder = try Spool.makeFolder(in: parent)
        let lock = try Spool.open("\(folder)/\(Spool.lockName)")
        self.limit = limit
        whole = nil
        bound = "its bound"
        self.advice = advice
        guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ArchiveError(errno: errno, doing: "lock", path: folder)
        }
        self.lock = consume lock
    }

    init(shareOf whole: Spool, limit: Int, bound: String) {
        folder = whole.folder
        self.limit = limit
        lock = nil
        self.whole = whole
        self.bound = bound
        advice = whole.advice
    }

    /// What is not removed here, is by the next start.
    deinit {
        guard whole == nil else { return }
        _ = unlink("\(folder)/\(Spool.lockName)")
        _ = rmdir(folder)
    }

    /// Bytes that are spooled now.
    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Counts bytes before they are written.
    func reserve(_ bytes: Int) throws(ArchiveError) {
        let total = used.add(bytes, ordering: .relaxed).newValue
        guard total <= limit else {
            used.subtract(bytes, ordering: .relaxed)
            throw full(total)
        }
        do throws(ArchiveError) {
            try whole?.reserve(bytes)
        } catch {
            used.subtract(bytes, ordering: .relaxed)
            throw error
        }
    }

    func release(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
        whole?.release(bytes)
    }

    func makePath() -> String {
        whole?.makePath() ?? "\(folder)/\(files.add(1, ordering: .relaxed).newValue)"
    }

    private func full(_ total: Int) -> ArchiveError {
        let what = whole == nil ? "the spool \(folder) is full" : "this session's share of the spool \(folder) is full"
        return ArchiveError(
            .noSpace,
            "\(what): \(total) bytes would pass \(bound) of \(limit); \(advice)")
    }

    /// Makes the folder and what is above it.
    private static func make(_ folder: String) throws(ArchiveError) {
        var parent = folder[...]
        while parent.count > 1, parent.last == "/" { parent.removeLast() }
        let slashes = parent.indices.dropFirst().filter { parent[$0] == "/" }
        for end in slashes + [parent.endIndex] {
            let path = String(parent[..<end])
            let mode: mode_t = end == parent.endIndex ? 0o750 : 0o755
            // A folder that is there may lie in one that nobody may write to.
            guard access(path, F_OK) == 0 || mkdir(path, mode) == 0 || errno == EEXIST else {
                throw ArchiveError(errno: errno, doing: "create spool folder", path: path)
            }
        }
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
