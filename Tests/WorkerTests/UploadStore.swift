import Archive
import FoundationEssentials
import Runtime

/// A local store that counts its uploads, and goes away after so many.
final class UploadStore: ObjectStore {
    private struct State {
        var begun = 0
        var stored: [ObjectKey] = []
    }

    private let base: LocalStore
    private let limit: Int
    private let state = Lock(State())

    init(_ base: LocalStore, limit: Int = .max) {
        self.base = base
        self.limit = limit
    }

    /// Those of this prefix that are stored.
    func uploads(of prefix: String) -> Int { state.withLock { $0.stored.count { $0.text.hasPrefix(prefix) } } }

    var location: String { base.location }

    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult { try base.put(bytes, at: key) }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let isLeft = state.withLock { state in
            state.begun += 1
            return state.begun <= limit
        }
        guard isLeft else { throw ArchiveError(.unreachable, "the store went away") }
        let result = try base.upload(contentsOf: path, at: key)
        state.withLock { $0.stored.append(key) }
        return result
    }

    func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? { base.putInParts(bytes, at: key) }

    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? { try base.get(key) }
    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try base.read(key, range) }
    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try base.size(key) }
    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try base.list(prefix, after: after, limit: limit)
    }
    func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }
    func now() throws(ArchiveError) -> Date { try base.now() }
    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { try base.removeLeftovers(olderThan: age) }
}
