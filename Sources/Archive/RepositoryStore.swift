package import FoundationEssentials

/// A repository's objects as their users mean them, whatever lies in the store beneath.
package struct RepositoryStore: ObjectStore {
    /// Where the objects lie as they are stored.
    package let base: any ObjectStore

    package init(_ base: any ObjectStore) { self.base = base }

    package var location: String { base.location }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult { try base.put(bytes, at: key) }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try base.upload(contentsOf: path, at: key)
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try base.putInParts(bytes, at: key)
    }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? { try base.get(key) }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try base.read(key, range) }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try base.size(key) }

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try base.list(prefix, after: after, limit: limit)
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }

    package func now() throws(ArchiveError) -> Date { try base.now() }

    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { try base.removeLeftovers(olderThan: age) }
}
