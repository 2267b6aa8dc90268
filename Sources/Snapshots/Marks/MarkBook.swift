package import Archive
import Crypto
package import Messages
import Runtime

/// The marks of snapshots: `marks/<snapshot>/<n>`, each whole, the highest number says how it is.
package struct MarkBook {
    /// Eight digits, so that numbers sort as names.
    private static let digits = 8
    /// Each try is another writer's success: so many at once there are not.
    private static let tries = 100

    let store: RepositoryStore

    package init(store: RepositoryStore) { self.store = store }

    package struct Change: Hashable, Sendable {
        package var marks: SnapshotMarks
        /// Whether they were other before.
        package var isNew: Bool
    }

    /// Marks, and a sentence where they cannot be read: they may protect the snapshot then, so it counts as kept.
    package struct Standing: Hashable, Sendable {
        package var marks: SnapshotMarks
        package var damage: String?
    }

    /// Nil where the snapshot was never marked. Those that cannot be read protect it.
    package func marks(of snapshot: SnapshotID) throws -> SnapshotMarks? { try standing(of: snapshot)?.marks }

    /// Nil where the snapshot was never marked.
    package func standing(of snapshot: SnapshotID) throws -> Standing? {
        try highest(of: snapshot).map { try standing(at: key(snapshot, $0)) }
    }

    /// - Throws: `.notFound` for a key that is gone, since its snapshot was deleted meanwhile.
    package func standing(at key: ObjectKey) throws(ArchiveError) -> Standing {
        do throws(ArchiveError) {
            return Standing(marks: try read(key))
        } catch {
            guard error.code == .corrupt else { throw error }
            return Standing(marks: SnapshotMarks(isKept: true), damage: error.message)
        }
    }

    /// The key of each marked snapshot's newest marks.
    package func newest() throws(ArchiveError) -> [SnapshotID: ObjectKey] {
        var keys: [SnapshotID: ObjectKey] = [:]
        // In order of keys, so that the highest number of a snapshot comes last.
        try store.forEachObject("marks/") { (object: ObjectInfo) throws(ArchiveError) in
            let parts = object.key.components
            guard parts.count == 3, let id = SnapshotID(String(parts[1])), Self.number(parts[2]) != nil else { return }
            keys[id] = object.key
        }
        return keys
    }

    /// - Throws: `.notFound` for a key that is gone, since its snapshot was deleted meanwhile; `.corrupt`.
    package func read(_ key: ObjectKey) throws(ArchiveError) -> SnapshotMarks { try entry(at: key).marks }

    /// Reads the marks, changes them and puts them under the next number; begins again where another writer was faster.
    ///
    /// - Parameter replacingDamaged: begin from marks that only keep it where the newest cannot be read, for whoever has handed on what they
    ///   may have said.
    /// - Returns: what holds now. Nothing is put where nothing changes.
    /// - Throws: `.corrupt` where the newest marks cannot be read, unless they may be replaced; `SnapshotError(.notFound)` for a snapshot that garbage collection has begun to delete.
    package func change(
        _ snapshot: SnapshotID, replacingDamaged: Bool = false, _ edit: (inout SnapshotMarks) -> Void
    ) throws -> Change {
        var number = try highest(of: snapshot) ?? 0
        for _ in 0..<Self.tries {
            let before = number == 0 ? SnapshotMarks() : try marks(of: snapshot, number, replacingDamaged: replacingDamaged)
            var marks = before
            edit(&marks)
            guard marks != before else { return Change(marks: marks, isNew: false) }
            let entry = MarkEntry(nonce: try randomBytes(16).hex, at: .now(), marks: marks)
            number += 1
            if case .created = try store.put(try MessageCoding.encode(entry), at: try key(snapshot, number)) {
                return Change(marks: marks, isNew: true)
            }
            // Taken by another writer, or, where the list was stale, long ago; or by this very put, whose answer was lost.
            if try read(snapshot, number).nonce == entry.nonce { return Change(marks: marks, isNew: true) }
        }
        throw SnapshotError(
            .refused, "the marks of snapshot \(snapshot) were changed by others \(Self.tries) times meanwhile; try again")
    }

    private func marks(of snapshot: SnapshotID, _ number: Int, replacingDamaged: Bool) throws -> SnapshotMarks {
        do {
            let entry = try read(snapshot, number)
            guard entry.swept != true else {
                throw SnapshotError(.notFound, "snapshot \(snapshot) was forgotten, and is being deleted; nothing brings it back")
            }
            return entry.marks
        } catch let error as ArchiveError where error.code == .corrupt && replacingDamaged {
            return SnapshotMarks(isKept: true)
        }
    }

    private func highest(of snapshot: SnapshotID) throws(ArchiveError) -> Int? {
        var highest: Int?
        try store.forEachObject("marks/\(snapshot)/") { (object: ObjectInfo) throws(ArchiveError) in
            highest = object.key.components.last.flatMap { Self.number($0) } ?? highest
        }
        return highest
    }

    private func read(_ snapshot: SnapshotID, _ number: Int) throws -> MarkEntry { try entry(at: key(snapshot, number)) }

    func entry(at key: ObjectKey) throws(ArchiveError) -> MarkEntry {
        switch try store.entry(MarkEntry.self, at: key) {
        case .value(let entry): return entry
        case .damaged(let cause): throw ArchiveError(.corrupt, "\(cause), or delete it: the marks before it hold then")
        case nil: throw ArchiveError(.notFound, "object \(key) in \(store.location) is gone: its snapshot was deleted meanwhile")
        }
    }

    func key(_ snapshot: SnapshotID, _ number: Int) throws(ArchiveError) -> ObjectKey {
        let text = String(number)
        return try ObjectKey("marks/\(snapshot)/\(String(repeating: "0", count: max(0, Self.digits - text.count)))\(text)")
    }

    static func number(_ component: Substring) -> Int? {
        component.utf8.count == digits && component.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(component) : nil
    }
}

/// The object.
struct MarkEntry: Codable {
    var nonce: String
    var at: Timestamp
    var tags: [String]?
    var kept: Bool?
    /// Garbage collection is deleting the snapshot: no mark follows.
    var swept: Bool?

    init(nonce: String, at: Timestamp, marks: SnapshotMarks) {
        self.nonce = nonce
        self.at = at
        tags = marks.tags
        kept = marks.isKept
    }

    var marks: SnapshotMarks { SnapshotMarks(tags: tags ?? [], isKept: kept ?? false) }
}
