package import FoundationEssentials

/// Where a repository keeps its objects: a folder or a bucket.
///
/// Every implementation passes the one contract suite, `Tests/ArchiveTests/StoreContract….swift`:
/// - An object is seen whole or not at all, and never changes: no call overwrites.
/// - `put` and `upload` return only when the object is durable, whoever wrote it. Of any number of concurrent writers of a
///   key exactly one gets `.created`; a call that failed may be repeated, and may then find its own object.
/// - What one caller has put, every caller can read and list at once.
/// - Calls block their thread, may run on many threads, never retry by themselves and throw only `ArchiveError`.
package protocol ObjectStore: Sendable {
    /// Where this is, for messages: a path or a URL without credentials.
    var location: String { get }

    /// Stores the bytes unless the key is taken; then it changes nothing and compares nothing.
    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult

    /// Stores a file's bytes as `put` does, without holding them in memory. The file may end up sharing its storage with the
    /// object, so it must never be written again; it stays where it is and is the caller's to remove.
    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult

    /// Stores the bytes, however few, by the requests that `upload` uses for large files; nil where those are the ones of `put`.
    ///
    /// For the probe at creation: a server may keep the condition on one kind of request and not on the other.
    func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult?

    /// The whole of a small object, `nil` when there is none. Objects above `ObjectSize.small` are refused with `.invalid`.
    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]?

    /// Exactly these bytes. `.notFound` without the object, `.corrupt` when it ends before the range does.
    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8]

    /// Bytes of the object, `nil` when there is none.
    func size(_ key: ObjectKey) throws(ArchiveError) -> Int?

    /// One page: at most `limit` objects whose key starts with `prefix` and is above `after`, in order of their keys' bytes.
    /// Fewer than `limit` means there are no more.
    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo]

    /// Removes the object; nothing happens when there is none.
    func delete(_ key: ObjectKey) throws(ArchiveError)

    /// The time by the store's own clock, the only one that ages of objects may be compared with.
    func now() throws(ArchiveError) -> Date

    /// Removes what interrupted writes left behind, if it is older than `age` seconds by the store's own clock.
    /// - Returns: how many leftovers were removed.
    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int
}

package enum PutResult: Hashable, Sendable {
    case created
    /// The key was taken, perhaps by an earlier try of this very call.
    case existing
}

package struct ObjectInfo: Hashable, Sendable {
    package let key: ObjectKey
    /// In bytes.
    package let size: Int
    /// By the store's clock.
    package let modified: Date

    package init(key: ObjectKey, size: Int, modified: Date) {
        self.key = key
        self.size = size
        self.modified = modified
    }
}

package enum ObjectSize {
    /// What `get` holds in memory at most; larger objects are read by ranges.
    package static let small = 64 << 20
}

extension ObjectStore {
    /// Visits every object under a prefix in key order, holding one page at a time.
    package func forEachObject(
        _ prefix: String, pageSize: Int = 1_000, _ body: (ObjectInfo) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var last: ObjectKey?
        while true {
            let page = try list(prefix, after: last, limit: pageSize)
            for object in page {
                try body(object)
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end.key
        }
    }

    /// The error of a read that asked for bytes past the end.
    func shortRead(_ key: ObjectKey, _ range: Range<Int>, size: Int) -> ArchiveError {
        ArchiveError(
            .corrupt,
            "\(key) in \(location) has \(size) bytes where \(range.lowerBound)..<\(range.upperBound) should be: it is truncated; "
                + "restore from another snapshot or copy")
    }

    func absent(_ key: ObjectKey) -> ArchiveError {
        ArchiveError(.notFound, "\(key) is not in \(location): check that nobody deleted it by hand")
    }

    func tooLarge(_ key: ObjectKey, size: Int) -> ArchiveError {
        ArchiveError(.invalid, "\(key) in \(location) has \(size) bytes, too many to hold in memory: read it by ranges")
    }

    func malformedPrefix(_ prefix: String) -> ArchiveError {
        ArchiveError(.invalid, "\"\(prefix)\" cannot start a key: use what a key may hold, or nothing")
    }
}
