import Archive
import FoundationEssentials
import Messages
import Runtime
import Sessions

/// What a process that runs on remembers of the catalogs of its repositories, so that the work of a backup does not grow with those
/// before it.
///
/// An outcome never changes: one that was read is not read again as long as the store lists it with the same size and time. What is
/// not listed any more is forgotten here too. Damage that comes later is for verification.
package final class CatalogMemory: Sendable {
    private struct Outcome {
        var size: Int
        var modified: Date
        /// Nil for an aborted session.
        var commit: OutcomeEntry.Commit?
    }

    private struct Known {
        var outcomes: [ObjectKey: Outcome] = [:]
        /// The last look at all sessions, and those whose outcome it missed.
        var lookedAt: ContinuousClock.Instant?
        var lost: [SessionID] = []
    }

    private struct State {
        /// By the location of the store.
        var repositories: [String: Known] = [:]
        /// Of all outcomes, as they are stored.
        var bytes = 0
    }

    /// Sessions are not looked through again within it: there may be as many as there were backups in a day.
    static let pause = Duration.seconds(3600)

    private let limit: Int
    private let state = Lock(State())

    /// - Parameter limit: stored bytes of the outcomes that are remembered; those beyond are read each time.
    package init(limit: Int = 4 << 20) { self.limit = limit }

    /// What an outcome says: a commit, or nothing for an abort.
    func commit(at object: ObjectInfo, in store: RepositoryStore) throws(ArchiveError) -> StoredEntry<OutcomeEntry.Commit?>? {
        let known = state.withLock { $0.repositories[store.location]?.outcomes[object.key] }
        if let known, known.size == object.size, known.modified == object.modified { return .value(known.commit) }
        switch try store.commit(at: object.key) {
        case .value(let commit)?:
            remember(Outcome(size: object.size, modified: object.modified, commit: commit), at: object.key, of: store.location)
            return .value(commit)
        case let other: return other
        }
    }

    /// Forgets the outcomes that a list of all has not.
    func keep(only listed: Set<ObjectKey>, of location: String) {
        state.withLock { state in
            guard let outcomes = state.repositories[location]?.outcomes else { return }
            for (key, outcome) in outcomes where !listed.contains(key) {
                state.repositories[location]?.outcomes[key] = nil
                state.bytes -= outcome.size
            }
        }
    }

    /// As `LostOutcomes.find`; between the hours only those that it found are looked for again.
    func lost(in store: RepositoryStore, at now: ContinuousClock.Instant = .now) throws -> [SnapshotID: String] {
        let known = state.withLock { $0.repositories[store.location] }
        let isDue = known?.lookedAt.map { now - $0 >= Self.pause } ?? true
        let found = isDue ? try LostOutcomes(store).find() : try LostOutcomes(store).find(among: known?.lost ?? []).snapshots
        state.withLock { state in
            state.repositories[store.location, default: Known()].lost = found.keys.compactMap(\.session)
            if isDue { state.repositories[store.location]?.lookedAt = now }
        }
        return found
    }

    /// What does not fit is not taken: a catalog is read from end to end, so that room made would be for what is not asked for again.
    private func remember(_ outcome: Outcome, at key: ObjectKey, of location: String) {
        state.withLock { state in
            let earlier = state.repositories[location]?.outcomes[key]?.size ?? 0
            guard state.bytes - earlier + outcome.size <= limit else { return }
            state.bytes += outcome.size - earlier
            state.repositories[location, default: Known()].outcomes[key] = outcome
        }
    }
}

extension RepositoryStore {
    /// - Returns: nil where there is no such outcome.
    func commit(at key: ObjectKey) throws(ArchiveError) -> StoredEntry<OutcomeEntry.Commit?>? {
        switch try entry(OutcomeEntry.self, at: key) {
        case .value(let outcome)?:
            guard case .commit(let commit) = outcome.verdict else { return .value(nil) }
            return .value(commit)
        case .damaged(let cause)?: return .damaged(cause)
        case nil: return nil
        }
    }
}
