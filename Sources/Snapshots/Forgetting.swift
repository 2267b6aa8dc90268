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

    /// Nil for a snapshot that was not forgotten.
    package func entry(of snapshot: SnapshotID) throws -> ForgottenEntry? {
        let key = try Self.key(of: snapshot)
        guard let bytes = try store.get(key) else { return nil }
        do {
            return try MessageCoding.decode(ForgottenEntry.self, from: bytes)
        } catch {
            throw ArchiveError(.corrupt, "object \(key) in \(store.location) does not say why a snapshot was forgotten: \(error)")
        }
    }

    /// What was forgotten, by snapshot.
    package func entries() throws -> [SnapshotID: ForgottenEntry] {
        var entries: [SnapshotID: ForgottenEntry] = [:]
        for id in try snapshots() { entries[id] = try entry(of: id) }
        return entries
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

    /// - Parameter selectors: ids and parts of ids. Nobody forgets "the latest" by mistake.
    /// - Throws: `SnapshotError`, before anything is forgotten: `.notFound`, `.refused` naming all that are kept or pinned.
    package func run(_ selectors: [String], reason: String) throws -> [Answer] {
        let records = try catalog.records(includingForgotten: true)
        var chosen: [SnapshotRecord] = []
        for selector in selectors {
            guard case .named(let name) = SnapshotSelector(selector) else {
                throw SnapshotError(
                    .refused, "name what is to be forgotten by its id; \"\(selector)\" may be another one tomorrow")
            }
            let record = try SnapshotSelector.only(of: records, named: name, in: catalog.store.location) { $0.id }
            if !chosen.contains(where: { $0.id == record.id }) { chosen.append(record) }
        }
        let pinned = try catalog.pinned()
        let protected = chosen.compactMap { record in
            record.marks.isKept
                ? "\(record.id) is kept (end it with: sheaf unkeep)"
                : pinned.contains(record.id) ? "\(record.id) is pinned by somebody who reads it" : nil
        }
        guard protected.isEmpty else {
            throw SnapshotError(.refused, "nothing was forgotten: \(protected.joined(separator: "; "))")
        }
        let forgetting = Forgetting(store: catalog.store)
        return try chosen.map {
            Answer(
                snapshot: $0.id, isNew: try $0.isForgotten ? false : forgetting.forget($0.id, reason: reason))
        }
    }
}
