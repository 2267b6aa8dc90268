import Archive
import Messages
import Sessions

/// Snapshots that a session has committed, by its own last entry, and whose outcome is gone though nobody forgot them: the store has
/// lost it, or somebody deleted it by hand.
///
/// All that they name is there still, so it must not count as garbage. The look ends with `forget`, or with the outcome put back.
struct LostOutcomes {
    private let store: RepositoryStore

    init(_ store: RepositoryStore) { self.store = store }

    /// - Returns: a sentence for each.
    func find() throws -> [SnapshotID: String] {
        // In this order: whoever ends meanwhile is not among the sessions.
        var sessions: Set<SessionID> = []
        try store.forEachObject("sessions/") { (object: ObjectInfo) throws(ArchiveError) in
            if case .journal(let session, .final)? = CollectorObject(object.key) { sessions.insert(session) }
        }
        for prefix in ["outcomes/", "forgotten/"] {
            try store.forEachObject(prefix) { (object: ObjectInfo) throws(ArchiveError) in
                switch CollectorObject(object.key) {
                case .outcome(let snapshot)?, .forgotten(let snapshot)?:
                    if let session = snapshot.session { sessions.remove(session) }
                default: break
                }
            }
        }
        return try find(among: sessions).snapshots
    }

    /// - Parameter sessions: those that have come to an end, and have no outcome in the lists.
    /// - Returns: also a sentence for each session whose last entry cannot be read, so that nobody knows what it has committed.
    func find(among sessions: some Sequence<SessionID>) throws -> (snapshots: [SnapshotID: String], unreadable: [String]) {
        var snapshots: [SnapshotID: String] = [:]
        var unreadable: [String] = []
        for session in sessions {
            switch try store.entry(FinalEntry.self, at: ObjectKey("sessions/\(session)/final")) {
            case .value(let final)?:
                // A list may be behind; a name is not.
                guard final.status.kind == .backup, let snapshot = final.status.snapshot, snapshot.session == session,
                    try !store.exists(ObjectKey("outcomes/\(snapshot)")), try !store.exists(Forgetting.key(of: snapshot))
                else { continue }
                snapshots[snapshot] =
                    "outcomes/\(snapshot) in \(store.location) is gone, though session \(session) has committed it: "
                    + "put it back from a copy, or give the snapshot up with: sheaf forget \(snapshot)"
            case .damaged(let cause)?: unreadable.append(cause)
            case nil: continue
            }
        }
        return (snapshots, unreadable)
    }
}
