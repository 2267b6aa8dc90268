import FoundationEssentials
import Runtime

@testable import Archive

/// Keeps the order of what is put, and what is read whole.
final class TracedStore: ObjectStore {
    private let base: any ObjectStore
    private let keys = Lock<[String]>([])
    private let read = Lock<[String]>([])

    init(_ base: any ObjectStore) { self.base = base }

    /// Keys that were put, whether they were taken or not.
    var puts: [String] { keys.withLock { $0 } }
    var gets: [String] { read.withLock { $0 } }

    var location: String { base.location }
    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        keys.withLock { $0.append(key.text) }
        return try base.put(bytes, at: key)
    }
    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        keys.withLock { $0.append(key.text) }
        return try base.upload(contentsOf: path, at: key)
    }
    func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try base.putInParts(bytes, at: key)
    }
    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        read.withLock { $0.append(key.text) }
        return try base.get(key)
    }
    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try base.read(key, range) }
    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try base.size(key) }
    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try base.list(prefix, after: after, limit: limit)
    }
    func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }
    func now() throws(ArchiveError) -> Date { try base.now() }
    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { try base.removeLeftovers(olderThan: age) }
}
