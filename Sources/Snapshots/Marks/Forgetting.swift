package import Archive
import Crypto
package import Messages
package import Runtime

/// Says of a snapshot that it is no longer wanted: `forgotten/<snapshot>`, docs/repository-format.md, section 6.
package struct ForgottenEntry: Codable, Hashable, Sendable {
    package var nonce: String
    package var at: Timestamp
    package var reason: String
    /// The name of the retention policy.
    package var policy: String?
    /// What forgot it: all snapshots of one retention have the same, a session's id where it was a session's.
    package var run: String?

    package init(nonce: String, at: Timestamp, reason: String, policy: String? = nil, run: String? = nil) {
        self.nonce = nonce
        self.at = at
        self.reason = reason
        self.policy = policy
        self.run = run
    }
}

/// Forgets snapshots. Their data is garbage collection's.
package struct Forgetting {
    private let store: RepositoryStore

    package init(store: RepositoryStore) { self.store = store }

    package static func key(of snapshot: SnapshotID) throws(ArchiveError) -> ObjectKey { try ObjectKey("forgotten/\(snapshot)") }

    /// Forgotten snapshots, also those that are kept all the same.
    package func snapshots() throws(ArchiveError) -> Set<SnapshotID> {
        var ids: Set<SnapshotID> = []
        try store.forEachObject("forgotten/") { (object: ObjectInfo) throws(ArchiveError) in
            if let id = object.key.components.last.flatMap({ SnapshotID(String($0)) }) { ids.insert(id) }
        }
        return ids
    }

    /// Whether a snapshot was forgotten, be it kept or not. The name says so, whatever became of the object.
    package func isForgotten(_ snapshot: SnapshotID) throws(ArchiveError) -> Bool {
        try store.entry(ForgottenEntry.self, at: Self.key(of: snapshot)) != nil
    }

    /// Nil for a snapshot that was not forgotten, or where why cannot be read.
    package func entry(of snapshot: SnapshotID) throws(ArchiveError) -> ForgottenEntry? {
        try store.entry(ForgottenEntry.self, at: Self.key(of: snapshot))?.value
    }

    /// What was forgotten, by snapshot, as far as it can be read.
    package func entries() throws(ArchiveError) -> [SnapshotID: ForgottenEntry] { try look().entries }

    /// As `entries`, with a sentence on each that cannot be read.
    package func look() throws(ArchiveError) -> (entries: [SnapshotID: ForgottenEntry], damages: [String]) {
        var entries: [SnapshotID: ForgottenEntry] = [:]
        var damages: [String] = []
        for id in try snapshots().sorted() {
            switch try store.entry(ForgottenEntry.self, at: Self.key(of: id)) {
            case .value(let entry): entries[id] = entry
            case .damaged(let cause): damages.append(cause)
            case nil: break
            }
        }
        return (entries, damages)
    }

    /// Forgets a snapshot, whatever protects it: `ForgetRequest` and `Retention` look first.
    ///
    /// - Returns: false for one that was forgotten before.
    package func forget(_ snapshot: SnapshotID, reason: String, policy: String? = nil, run: String? = nil) throws -> Bool {
        let entry = ForgottenEntry(nonce: try randomBytes(16).hex, at: .now(), reason: reason, policy: policy, run: run)
        if case .created = try store.put(try MessageCoding.encode(entry), at: Self.key(of: snapshot)) { return true }
        // Perhaps by this very put, whose answer was lost.
        return try self.entry(of: snapshot)?.nonce == entry.nonce
    }
}

/// A person's wish that snapshots be forgotten: all of them, or none if one is protected.
package struct ForgetRequest {
    package struct Answer: Hashable, Sendable {
        package var snapshot: SnapshotID
        /// False: it was forgotten before.
        package var isNew: Bool
    }

    private let catalog: SnapshotCatalog

    package init(_ catalog: SnapshotCatalog) { self.catalog = catalog }

    /// - Parameter selectors: ids and parts of ids, also of snapshots that cannot be read. Nobody forgets "the latest" by mistake.
    /// - Throws: `SnapshotError`, before anything is forgotten: `.notFound`, `.refused` naming all that are kept or pinned.
    package func run(_ selectors: [String], reason: String) throws -> [Answer] {
        let (records, damages) = try catalog.look(includingForgotten: true)
        let ids = try (records.map(\.id) + damages.keys + LostOutcomes(catalog.store).find().keys).sorted()
        var chosen: [SnapshotID] = []
        for selector in selectors {
            guard case .named(let name) = SnapshotSelector(selector) else {
                throw SnapshotError(
                    .refused, "name what is to be forgotten by its id; \"\(selector)\" may be another one tomorrow")
            }
            let id = try SnapshotSelector.only(of: ids, named: name, in: catalog.store.location) { $0 }
            if !chosen.contains(id) { chosen.append(id) }
        }
        let pinned = try catalog.pinned()
        let protected = try chosen.compactMap { id -> String? in
            let standing = try MarkBook(store: catalog.store).standing(of: id)
            if let cause = standing?.damage { return "\(id) counts as kept, since its marks cannot be read: \(cause)" }
            if standing?.marks.isKept == true { return "\(id) is kept (end it with: sheaf unkeep)" }
            return pinned.contains(id) ? "\(id) is pinned by somebody who reads it" : nil
        }
        guard protected.isEmpty else {
            throw SnapshotError(.refused, "nothing was forgotten: \(protected.joined(separator: "; "))")
        }
        let forgetting = Forgetting(store: catalog.store)
        return try chosen.map {
            Answer(snapshot: $0, isNew: try forgetting.isForgotten($0) ? false : forgetting.forget($0, reason: reason))
        }
    }
}
