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
            let name = key.components.last.map(String.init) ?? ""
            let id = SnapshotID(name)
            if let chosen, id.map({ !chosen.contains($0) }) ?? true { continue }
            if let id, forgotten.contains(id), try MarkBook(store: store).marks(of: id)?.isKept != true { continue }
            if let found = try found(at: key, name) { try body(found) }
        }
    }

    /// Whether a snapshot that was found a moment ago is gone: garbage collection may have swept it since.
    func isGone(_ name: String) throws -> Bool { try store.size(try ObjectKey("outcomes/\(name)")) == nil }

    /// - Returns: a failure for an object that is damaged.
    private func read(_ key: ObjectKey) throws(ArchiveError) -> Result<[UInt8]?, ArchiveError> {
        do throws(ArchiveError) {
            return .success(try store.get(key))
        } catch  where error.code == .corrupt {
            return .failure(error)
        }
    }

    private func found(at key: ObjectKey, _ name: String) throws -> Found? {
        let bytes: [UInt8]
        switch try read(key) {
        case .success(let stored?): bytes = stored
        case .success(nil): return nil
        case .failure(let error): return .damaged(name: name, cause: error.message)
        }
        do {
            guard case .commit(let commit) = try MessageCoding.decode(OutcomeEntry.self, from: bytes).verdict else { return nil }
            guard commit.summary.id.text == name, commit.manifests.count == commit.summary.indices.count else {
                return .damaged(
                    name: name, cause: "the outcome \(name) is of another snapshot, or names other indices than manifests")
            }
            return .snapshot(commit)
        } catch {
            return .damaged(name: name, cause: "the outcome \(name) is no outcome: \(error)")
        }
    }
}
