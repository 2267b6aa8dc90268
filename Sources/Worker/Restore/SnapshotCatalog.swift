import Archive
import FoundationEssentials
import Messages
import Sessions

/// What a repository holds: the committed outcomes, which are its snapshots.
struct SnapshotCatalog {
    let store: any ObjectStore

    /// All snapshots, oldest first. Aborted sessions are no snapshots.
    func snapshots() throws -> [OutcomeEntry.Commit] {
        var keys: [ObjectKey] = []
        try store.forEachObject("outcomes/") { (object: ObjectInfo) throws(ArchiveError) in keys.append(object.key) }
        return try keys.compactMap { try commit(at: $0) }
    }

    /// - Throws: `WorkerError(.refused)` when there is no such snapshot.
    func snapshot(_ id: SnapshotID) throws -> OutcomeEntry.Commit {
        guard let commit = try commit(at: try ObjectKey("outcomes/\(id)")) else {
            throw WorkerError(.refused, "there is no snapshot \(id) in \(store.location); list them with: sheaf snapshots")
        }
        return commit
    }

    /// The snapshot that a RestoreSession asks for.
    ///
    /// `latest` is the newest of the same AppBinding; in a repository that holds another one's snapshots alone it is the newest of
    /// those, so that a cluster can be restored under a new name. A short id (Stash's eight characters) may stand for the whole.
    func select(_ selector: String, target: AppBinding) throws -> OutcomeEntry.Commit {
        if let id = SnapshotID(selector) { return try snapshot(id) }
        let all = try snapshots()
        guard selector == "latest" else {
            let found = all.filter { $0.summary.id.text.contains(selector) }
            guard let only = found.first, found.count == 1 else {
                throw WorkerError(
                    .refused,
                    "\"\(selector)\" names \(found.count) snapshots in \(store.location); list them with: sheaf snapshots")
            }
            return only
        }
        let own = all.filter { $0.summary.target == target.metadata.name && $0.summary.namespace == target.metadata.namespace }
        if let newest = own.last { return newest }
        let sources = Set(all.map { "\($0.summary.namespace)/\($0.summary.target)" })
        if sources.count == 1, let newest = all.last { return newest }
        throw WorkerError(
            .refused,
            all.isEmpty
                ? "there is no snapshot in \(store.location) yet; run a backup first"
                : "no snapshot in \(store.location) is of \(target.key), but of \(sources.sorted().joined(separator: ", ")); "
                    + "name the snapshot by its id")
    }

    private func commit(at key: ObjectKey) throws -> OutcomeEntry.Commit? {
        guard let bytes = try store.get(key) else { return nil }
        do {
            guard case .commit(let commit) = try MessageCoding.decode(OutcomeEntry.self, from: bytes).verdict else { return nil }
            return commit
        } catch {
            throw ArchiveError(.corrupt, "object \(key) in \(store.location) is not an outcome: \(error)")
        }
    }
}
