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
        /// Keeps to the condition of a put, not to that of an upload in parts.
        case overwritesInParts
    }

    let location = "memory"
    private let flaw: Flaw
    private let objects = Mutex<[ObjectKey: Object]>([:])

    private struct Object {
        var bytes: [UInt8]
        let modified = Date()
    }

    init(_ flaw: Flaw = .none) {
        self.flaw = flaw
    }

    /// Changes stored bytes behind the contract's back.
    func tamper(_ key: ObjectKey, _ change: (inout [UInt8]) -> Void) {
        objects.withLock { change(&$0[key, default: Object(bytes: [])].bytes) }
    }

    func put(_ bytes: [UInt8], at key: ObjectKey) -> PutResult {
        objects.withLock { objects in
            let isTaken = objects[key] != nil
            if !isTaken || flaw == .overwrites || flaw == .overwritesQuietly { objects[key] = Object(bytes: bytes) }
            return isTaken && flaw != .overwrites ? .existing : .created
        }
    }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw ArchiveError(.notFound, "cannot read \(path)")
        }
        return put(Array(data), at: key)
    }

    func putInParts(_ bytes: [UInt8], at key: ObjectKey) -> PutResult? {
        guard flaw == .overwritesInParts else { return nil }
        delete(key)
        return put(bytes, at: key)
    }

    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        guard let bytes = bytes(key) else { return nil }
        guard bytes.count <= ObjectSize.small else { throw tooLarge(key, size: bytes.count) }
        return bytes
    }

    private func bytes(_ key: ObjectKey) -> [UInt8]? { objects.withLock { $0[key]?.bytes } }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard let bytes = bytes(key) else { throw absent(key) }
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { throw shortRead(key, range, size: bytes.count) }
        return Array(bytes[range])
    }

    func size(_ key: ObjectKey) -> Int? { bytes(key)?.count }

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
            .map { ObjectInfo(key: $0.key, size: $0.value.bytes.count, modified: $0.value.modified) }
        }
    }

    func delete(_ key: ObjectKey) {
        objects.withLock { $0[key] = nil }
    }

    func now() -> Date { Date() }

    func removeLeftovers(olderThan age: Int) -> Int { 0 }
}
