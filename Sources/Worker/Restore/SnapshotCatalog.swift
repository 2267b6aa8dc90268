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

    /// A snapshot that was chosen, and what is to be said of the choice.
    struct Selection {
        var commit: OutcomeEntry.Commit
        var notes: [String] = []
    }

    /// The snapshot that a RestoreSession asks for.
    ///
    /// `latest` is the newest of the same AppBinding; in a repository that holds another one's snapshots alone it is the newest of
    /// those, so that a cluster can be restored under a new name. A short id (Stash's eight characters) may stand for the whole.
    /// - Parameter allowPartial: `latest` may be a snapshot that misses documents.
    func select(_ selector: String, target: AppBinding, allowPartial: Bool) throws -> Selection {
        if let id = SnapshotID(selector) { return Selection(commit: try snapshot(id)) }
        let all = try snapshots()
        guard selector == "latest" else { return Selection(commit: try only(of: all, selector)) }
        let own = all.filter { $0.summary.target == target.metadata.name && $0.summary.namespace == target.metadata.namespace }
        let sources = Set(all.map { "\($0.summary.namespace)/\($0.summary.target)" })
        if !own.isEmpty { return try newest(of: own, allowPartial: allowPartial) }
        if sources.count == 1 { return try newest(of: all, allowPartial: allowPartial) }
        throw WorkerError(
            .refused,
            all.isEmpty
                ? "there is no snapshot in \(store.location) yet; run a backup first"
                : "no snapshot in \(store.location) is of \(target.key), but of \(sources.sorted().joined(separator: ", ")); "
                    + "name the snapshot by its id")
    }

    /// The snapshot that an id, a part of one, or `latest` names, whatever it is of.
    func find(_ selector: String) throws -> OutcomeEntry.Commit {
        if let id = SnapshotID(selector) { return try snapshot(id) }
        let all = try snapshots()
        guard selector == "latest" else { return try only(of: all, selector) }
        guard !all.isEmpty else {
            throw WorkerError(.refused, "there is no snapshot in \(store.location) yet; run a backup first")
        }
        return try newest(of: all, allowPartial: false).commit
    }

    private func only(of all: [OutcomeEntry.Commit], _ part: String) throws -> OutcomeEntry.Commit {
        let found = all.filter { $0.summary.id.text.contains(part) }
        guard let only = found.first, found.count == 1 else {
            throw WorkerError(
                .refused, "\"\(part)\" names \(found.count) snapshots in \(store.location); list them with: sheaf snapshots")
        }
        return only
    }

    private func newest(of snapshots: [OutcomeEntry.Commit], allowPartial: Bool) throws -> Selection {
        let passed = allowPartial ? [] : snapshots.reversed().prefix { $0.summary.isPartial }
        guard let commit = snapshots.dropLast(passed.count).last else {
            throw WorkerError(
                .refused,
                "every snapshot that \"latest\" could be misses documents; name one by its id, or give the task parameter allowPartial"
            )
        }
        return Selection(
            commit: commit,
            notes: passed.map { "latest passed over snapshot \($0.summary.id), which misses documents" })
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
