import Foundation
import Runtime

@testable import Archive

/// Objects in memory under a clock that the test moves. For one thread.
final class ClockedStore: ObjectStore, @unchecked Sendable {
    let location = "memory"
    let objects = SimulatedObjects()
    var time = Samples.time
    /// In their order.
    private(set) var deleted: [String] = []
    private(set) var writes = 0
    private(set) var lists = 0
    /// Keys that cannot be deleted.
    var stubborn: Set<String> = []
    /// What happens right before a key is deleted.
    var beforeDelete: ((ObjectKey) -> Void)?

    private var date: Date { Date(timeIntervalSince1970: time.secondsSinceEpoch) }

    func put(_ bytes: [UInt8], at key: ObjectKey) -> PutResult {
        writes += 1
        return objects.put(.init(bytes: bytes, modified: date, put: 0), at: key)
    }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ArchiveError(.notFound, "cannot read \(path)")
        }
        return put(Array(bytes), at: key)
    }

    func putInParts(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult? { nil }
    func get(_ key: ObjectKey) -> [UInt8]? { objects.objects[key]?.bytes }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard let bytes = get(key) else { throw absent(key) }
        guard range.upperBound <= bytes.count else { throw shortRead(key, range, size: bytes.count) }
        return Array(bytes[range])
    }

    func size(_ key: ObjectKey) -> Int? { get(key)?.count }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) -> [ObjectInfo] {
        lists += 1
        return objects.list(prefix, after: after, limit: limit, asOf: .max)
    }

    func delete(_ key: ObjectKey) throws(ArchiveError) {
        beforeDelete?(key)
        guard !stubborn.contains(key.text) else { throw ArchiveError(.accessDenied, "\(key) is locked") }
        writes += 1
        deleted.append(key.text)
        objects.delete(key, at: 0)
    }

    func now() -> Date { date }

    func removeLeftovers(olderThan age: Int) -> Int { 0 }

    var keys: [String] { objects.keys.map(\.text) }
}
