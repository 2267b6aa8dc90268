import FoundationEssentials
import Synchronization

@testable import Archive

/// Objects in memory: the shortest thing that keeps the contract, and a place to plant faults in.
final class MemoryStore: ObjectStore {
    enum Flaw {
        case none
        /// Answers `created` and overwrites, as two S3 emulators do.
        case overwrites
        /// Answers `existing`, yet overwrites.
        case overwritesQuietly
    }

    let location = "memory"
    private let flaw: Flaw
    private let objects = Mutex<[ObjectKey: [UInt8]]>([:])

    init(_ flaw: Flaw = .none) {
        self.flaw = flaw
    }

    /// Changes stored bytes behind the contract's back.
    func tamper(_ key: ObjectKey, _ change: (inout [UInt8]) -> Void) {
        objects.withLock { change(&$0[key, default: []]) }
    }

    func put(_ bytes: [UInt8], at key: ObjectKey) -> PutResult {
        objects.withLock { objects in
            let isTaken = objects[key] != nil
            if !isTaken || flaw != .none { objects[key] = bytes }
            return isTaken && flaw != .overwrites ? .existing : .created
        }
    }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw ArchiveError(.notFound, "cannot read \(path)")
        }
        return put(Array(data), at: key)
    }

    func get(_ key: ObjectKey) -> [UInt8]? {
        objects.withLock { $0[key] }
    }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard let bytes = get(key) else { throw absent(key) }
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { throw shortRead(key, range, size: bytes.count) }
        return Array(bytes[range])
    }

    func size(_ key: ObjectKey) -> Int? { get(key)?.count }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        guard ObjectKey.isValidPrefix(prefix) else { throw malformedPrefix(prefix) }
        return objects.withLock { objects in
            objects.filter { key, _ in
                guard key.text.hasPrefix(prefix) else { return false }
                guard let after else { return true }
                return after < key
            }
            .sorted { $0.key < $1.key }
            .prefix(limit)
            .map { ObjectInfo(key: $0.key, size: $0.value.count, modified: Date()) }
        }
    }

    func delete(_ key: ObjectKey) {
        objects.withLock { $0[key] = nil }
    }

    func removeLeftovers(olderThan age: Int) -> Int { 0 }
}
