package import FoundationEssentials

/// Fails every call but `delete` once its owner wants to stop, so that work of any length ends at its next read or write and can still
/// take away what protected it.
package final class StoppableStore: ObjectStore {
    private let base: any ObjectStore
    private let isStopped: @Sendable () -> Bool

    /// - Parameter isStopped: asked before each call; its answer does not go back to false.
    package init(_ base: any ObjectStore, isStopped: @escaping @Sendable () -> Bool) {
        self.base = base
        self.isStopped = isStopped
    }

    package var location: String { base.location }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try check()
        return try base.put(bytes, at: key)
    }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try check()
        return try base.upload(contentsOf: path, at: key)
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try check()
        return try base.putInParts(bytes, at: key)
    }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        try check()
        return try base.get(key)
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        try check()
        return try base.read(key, range)
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        try check()
        return try base.size(key)
    }

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try check()
        return try base.list(prefix, after: after, limit: limit)
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }

    package func now() throws(ArchiveError) -> Date {
        try check()
        return try base.now()
    }

    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int {
        try check()
        return try base.removeLeftovers(olderThan: age)
    }

    private func check() throws(ArchiveError) {
        if isStopped() {
            throw ArchiveError(.interrupted, "stopped while \(location) was worked on; the same command goes on with it")
        }
    }
}
