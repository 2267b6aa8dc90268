import Glibc
import Synchronization

/// The folder where this process keeps segments until they are stored.
///
/// Below the given folder each process owns `spool-<pid>-<n>`, locked by flock(2) as long as it lives; a start removes the
/// folders whose process is gone. The bound counts bytes of all writers of this process.
package final class Spool: Sendable {
    /// Whose choice the folder is, which says who else may write to it.
    package enum Origin: Sendable {
        /// An operator's: of any owner, and its group may write to it; where everybody may, a folder below that is this user's alone.
        case chosen
        /// A known name where anybody may have made it first: refused unless it is this user's alone.
        case temporary
    }

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
    ///   - parent: created when missing, for its owner and group alone, a temporary one for its owner: documents lie in it as they are
    ///     until they are stored; on a disk with at least `limit` bytes free.
    ///   - limit: bytes; room for one segment a writer, and one more for each that waits for the store.
    ///   - advice: what to do when it is full, as the end of a sentence.
    ///   - patience: how long the start of another process there is waited for.
    /// - Throws: `.accessDenied` for a folder that others could have prepared, `.exists` for one that another process keeps locked.
    package init(
        in parent: String, limit: Int, origin: Origin = .chosen, advice: String = "raise the bound",
        patience: Duration = .seconds(10)
    ) throws(ArchiveError) {
        let place = try SpoolFolder(parent, origin)
        self.limit = limit
        whole = nil
        bound = "its bound"
        self.advice = advice
        // Held while starting, so that nobody mistakes a folder without a lock yet for a dead one.
        let gate = try place.lock(patience: patience)
        defer { extendLifetime(gate) }
        try place.wipeDead()
        folder = try place.makeOwn()
        let lock = try OpenFile("\(folder)/\(SpoolFolder.lockName)", O_RDWR | O_CREAT, doing: "open")
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
        _ = unlink("\(folder)/\(SpoolFolder.lockName)")
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
}
