import FoundationEssentials
import Synchronization

@testable import Archive

/// Counts what is asked of a store.
final class CountingStore: ObjectStore {
    private let base: MemoryStore
    private let asked = Mutex<[String]>([])

    init(_ base: MemoryStore) { self.base = base }

    func reads(of prefix: String) -> Int { asked.withLock { $0.count { $0.hasPrefix(prefix) } } }

    var location: String { base.location }
    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult { base.put(bytes, at: key) }
    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try base.upload(contentsOf: path, at: key)
    }
    func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? { base.putInParts(bytes, at: key) }
    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        asked.withLock { $0.append(key.text) }
        return try base.get(key)
    }
    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try base.read(key, range) }
    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { base.size(key) }
    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try base.list(prefix, after: after, limit: limit)
    }
    func delete(_ key: ObjectKey) throws(ArchiveError) { base.delete(key) }
    func now() throws(ArchiveError) -> Date { base.now() }
    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { base.removeLeftovers(olderThan: age) }
}
