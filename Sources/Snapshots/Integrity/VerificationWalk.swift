import Archive
import Messages
import Sessions

/// One listed snapshot after the other, as far as each can be read: damage is told and does not end the walk.
struct VerificationWalk {
    let store: RepositoryStore
    /// Nil for all.
    var chosen: Set<SnapshotID>?

    enum Found {
        case snapshot(OutcomeEntry.Commit)
        /// An outcome that cannot be read.
        case damaged(name: String, cause: String)
    }

    /// Oldest first. Forgotten snapshots are left out unless they are kept, and so are aborted sessions.
    func forEachSnapshot(_ body: (Found) throws -> Void) throws {
        var keys: [ObjectKey] = []
        try store.forEachObject("outcomes/") { (object: ObjectInfo) throws(ArchiveError) in keys.append(object.key) }
        let forgotten = try Forgetting(store: store).snapshots()
        for key in keys {
            // Another name is none of the format's: sheaf repo gc tells of it.
            guard case .outcome(let id)? = CollectorObject(key), chosen?.contains(id) ?? true else { continue }
            if forgotten.contains(id), try MarkBook(store: store).marks(of: id)?.isKept != true { continue }
            if let found = try found(at: key, id.text) { try body(found) }
        }
    }

    /// Whether a snapshot that was found a moment ago is gone: garbage collection may have swept it since.
    func isGone(_ name: String) throws -> Bool { try !store.exists(try ObjectKey("outcomes/\(name)")) }

    private func found(at key: ObjectKey, _ name: String) throws -> Found? {
        let outcome: OutcomeEntry
        switch try store.entry(OutcomeEntry.self, at: key) {
        case .value(let stored)?: outcome = stored
        case .damaged(let cause)?: return .damaged(name: name, cause: "\(cause); what it named nobody knows")
        case nil: return nil
        }
        guard case .commit(let commit) = outcome.verdict else { return nil }
        guard commit.summary.id.text == name, commit.manifests.count == commit.summary.indices.count else {
            return .damaged(
                name: name, cause: "the outcome \(name) is of another snapshot, or names other indices than manifests")
        }
        return .snapshot(commit)
    }
}
