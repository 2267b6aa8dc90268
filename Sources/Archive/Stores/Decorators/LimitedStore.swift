package import FoundationEssentials
import Glibc
import Runtime

/// Holds the content that all threads read and write together to a number of bytes a second.
///
/// A call waits before it moves its bytes, and moves them at once then: the rate holds over some calls, not within one. Lists and other answers
/// without content are not counted.
package struct LimitedStore: ObjectStore {
    private let base: any ObjectStore
    private let rate: ByteRate

    /// - Parameter rate: of both directions together; may be shared by several stores.
    package init(_ base: any ObjectStore, rate: ByteRate) {
        self.base = base
        self.rate = rate
    }

    package var location: String { base.location }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        rate.pay(bytes.count)
        return try base.put(bytes, at: key)
    }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        rate.pay(Int(try OpenFile(path, O_RDONLY, doing: "read spooled").status().st_size))
        return try base.upload(contentsOf: path, at: key)
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        rate.pay(bytes.count)
        return try base.putInParts(bytes, at: key)
    }

    /// Pays afterwards, when the size is known.
    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        let bytes = try base.get(key)
        rate.pay(bytes?.count ?? 0)
        return bytes
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        rate.pay(range.count)
        return try base.read(key, range)
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try base.size(key) }

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try base.list(prefix, after: after, limit: limit)
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }

    package func now() throws(ArchiveError) -> Date { try base.now() }

    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { try base.removeLeftovers(olderThan: age) }
}
