package import FoundationEssentials
import Glibc
import Runtime

/// Answers as if all puts and deletes had been done, and changes nothing: reads see the store beneath and, above it, what would be there.
///
/// Small objects are held in memory; of an uploaded file an open descriptor is kept, so it may be removed by its owner as always.
package final class DryRunStore: ObjectStore {
    private enum Change {
        case put([UInt8], Date)
        case upload(UploadedFile, Date)
        case deleted
    }

    private let base: any ObjectStore
    private let changes = Lock<[ObjectKey: Change]>([:])

    package init(_ base: any ObjectStore) { self.base = base }

    package var location: String { base.location }

    /// What would have been put and is not deleted since, with its bytes; in order of the keys.
    package var stored: [(key: ObjectKey, size: Int)] {
        changes.withLock { $0 }.compactMap { key, change in DryRunStore.size(of: change).map { (key, $0) } }.sorted {
            $0.0 < $1.0
        }
    }

    /// What would have been deleted of the store beneath, in order.
    package var deleted: [ObjectKey] {
        changes.withLock { $0 }.filter { DryRunStore.size(of: $0.value) == nil }.map(\.key).sorted()
    }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try add(.put(bytes, try now()), at: key)
    }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try add(.upload(try UploadedFile(path), try now()), at: key)
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? { nil }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        switch change(of: key) {
        case .put(let bytes, _): bytes
        case .upload(let file, _):
            if file.size > ObjectSize.small { throw tooLarge(key, size: file.size) } else { try file.read(0..<file.size) }
        case .deleted: nil
        case nil: try base.get(key)
        }
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard let change = change(of: key) else { return try base.read(key, range) }
        guard let size = DryRunStore.size(of: change) else { throw absent(key) }
        guard range.lowerBound >= 0, range.upperBound <= size else { throw shortRead(key, range, size: size) }
        return switch change {
        case .put(let bytes, _): Array(bytes[range])
        case .upload(let file, _): try file.read(range)
        case .deleted: throw absent(key)
        }
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        guard let change = change(of: key) else { return try base.size(key) }
        return DryRunStore.size(of: change)
    }

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        guard ObjectKey.isValidPrefix(prefix) else { throw malformedPrefix(prefix) }
        let changes = changes.withLock { $0 }
        var own = changes.compactMap { key, change in DryRunStore.info(key, change) }.filter { object in
            object.key.text.hasPrefix(prefix) && after.map { $0 < object.key } ?? true
        }
        // A page of the store beneath counts up to its last key; what lies behind comes with later pages.
        var beneath: [ObjectInfo] = []
        var last = after
        while beneath.count < limit {
            let page = try base.list(prefix, after: last, limit: limit)
            beneath += page.filter { changes[$0.key] == nil }
            guard page.count == limit, let end = page.last else { break }
            last = end.key
        }
        if beneath.count >= limit { own.removeAll { beneath[limit - 1].key < $0.key } }
        return Array((own + beneath).sorted { $0.key < $1.key }.prefix(limit))
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) {
        let isBeneath = try base.size(key) != nil
        changes.withLock { $0[key] = isBeneath ? .deleted : nil }
    }

    package func now() throws(ArchiveError) -> Date { try base.now() }

    /// Removes none, since nobody can say how many there would be.
    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { 0 }

    private func change(of key: ObjectKey) -> Change? { changes.withLock { $0[key] } }

    private func add(_ change: Change, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let isBeneath = try base.size(key) != nil
        return changes.withLock { changes in
            switch changes[key] {
            case .put, .upload: return .existing
            case nil where isBeneath: return .existing
            case .deleted, nil:
                changes[key] = change
                return .created
            }
        }
    }

    private static func size(of change: Change) -> Int? {
        switch change {
        case .put(let bytes, _): bytes.count
        case .upload(let file, _): file.size
        case .deleted: nil
        }
    }

    private static func info(_ key: ObjectKey, _ change: Change) -> ObjectInfo? {
        switch change {
        case .put(let bytes, let moment): ObjectInfo(key: key, size: bytes.count, modified: moment)
        case .upload(let file, let moment): ObjectInfo(key: key, size: file.size, modified: moment)
        case .deleted: nil
        }
    }
}

/// A file that outlives its name.
private final class UploadedFile: Sendable {
    let size: Int
    private let file: OpenFile

    init(_ path: String) throws(ArchiveError) {
        file = try OpenFile(path, O_RDONLY, doing: "read spooled")
        size = Int(try file.status().st_size)
    }

    /// - Parameter range: within the file.
    func read(_ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        let result: Result<Int, ArchiveError> = bytes.withUnsafeMutableBytes { buffer in
            do throws(ArchiveError) {
                return .success(try file.read(into: buffer, at: range.lowerBound))
            } catch {
                return .failure(error)
            }
        }
        guard try result.get() == range.count else {
            throw ArchiveError(.corrupt, "\(file.path) shrank after it was stored: do this part again")
        }
        return bytes
    }
}
