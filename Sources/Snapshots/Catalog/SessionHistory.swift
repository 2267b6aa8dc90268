package import Archive
package import Messages
import Runtime
import Sessions

/// What a repository remembers of its sessions, for a ledger that was lost: their last entries, in pages from the newest to the oldest.
///
/// Each session that has ended has an outcome, whose name sorts by time. Garbage collection takes both with the snapshot, of an aborted
/// session after 30 days (docs/repository-format.md, section 7). Blocking.
package struct SessionHistory {
    /// What a page may be.
    package struct Limit: Sendable {
        /// Sessions, at least 1.
        package var sessions: Int
        /// Bytes of their entries. One that is larger stands alone.
        package var bytes: Int
        /// Bytes of one entry; a larger one is not told.
        package var entryBytes: Int
        /// When to stop reading; one is read in any case.
        package var deadline: ContinuousClock.Instant

        package init(sessions: Int, bytes: Int, entryBytes: Int, deadline: ContinuousClock.Instant) {
            self.sessions = sessions
            self.bytes = bytes
            self.entryBytes = entryBytes
            self.deadline = deadline
        }
    }

    private let store: RepositoryStore

    package init(store: RepositoryStore) { self.store = store }

    /// - Parameters:
    ///   - before: the `next` of the page before; nil: the first page.
    ///   - isMeant: whether a session's Repository is the one that is asked about: a repository may have several names.
    /// - Throws: `ArchiveError` of a store that cannot be read. What is damaged is in the page.
    package func page(
        before: SnapshotID?, limit: Limit, isMeant: (_ repositoryName: String) -> Bool
    ) throws -> FinalsPage {
        var page = FinalsPage()
        // In this order: whoever ends meanwhile is among the outcomes.
        var open = before == nil ? try begunSessions() : []
        var ended: [SnapshotID] = []
        try store.forEachObject("outcomes/") { (object: ObjectInfo) throws(ArchiveError) in
            guard case .outcome(let snapshot)? = CollectorObject(object.key) else { return }
            if let session = snapshot.session { open.remove(session) }
            if before.map({ snapshot < $0 }) ?? true { ended.append(snapshot) }
        }
        var bytes = 0
        for (number, session) in open.sorted(by: { $0.text < $1.text }).enumerated() {
            guard bytes < limit.bytes else {
                note("\(open.count - number) more sessions have begun than an answer can hold", in: &page)
                break
            }
            bytes += try note(session, in: &page, limit, isMeant)
        }
        var seen = 0
        for snapshot in ended.sorted(by: >) {
            if seen > 0, seen >= limit.sessions || bytes >= limit.bytes || .now >= limit.deadline { return page }
            seen += 1
            page.next = snapshot.text
            guard let session = snapshot.session else { continue }
            bytes += try note(session, in: &page, limit, isMeant)
        }
        page.next = nil
        return page
    }

    private func begunSessions() throws -> Set<SessionID> {
        var sessions: Set<SessionID> = []
        try store.forEachObject("sessions/") { (object: ObjectInfo) throws(ArchiveError) in
            if case .journal(let session, .begin)? = CollectorObject(object.key) { sessions.insert(session) }
        }
        return sessions
    }

    /// - Returns: bytes of what was taken.
    private func note(
        _ session: SessionID, in page: inout FinalsPage, _ limit: Limit, _ isMeant: (String) -> Bool
    ) throws -> Int {
        switch try store.entry(FinalEntry.self, at: ObjectKey("sessions/\(session)/final")) {
        case .value(let final)?:
            let status = final.status
            guard status.session == session, status.kind == .backup, isMeant(status.repository) else { return 0 }
            let size = try MessageCoding.encode(status).count
            guard size <= limit.entryBytes else {
                note("the end of session \(session) has \(size) bytes, more than an answer can hold", in: &page)
                return 0
            }
            page.statuses.append(status)
            return size
        case .damaged(let cause)?:
            note(cause, in: &page)
            return 0
        case nil: return try noteBegun(session, in: &page, isMeant)
        }
    }

    /// A session without a last entry. Without a first one it is not of this repository: its snapshot was copied here.
    private func noteBegun(_ session: SessionID, in page: inout FinalsPage, _ isMeant: (String) -> Bool) throws -> Int {
        switch try store.entry(BeginEntry.self, at: ObjectKey("sessions/\(session)/begin")) {
        case .value(let begin)?:
            // Entries of versions before it do not hold the message.
            guard let command = begin.command, command.id == session, command.kind == .backup,
                isMeant(command.repository.metadata.name)
            else { return 0 }
            page.begun.append(.init(command: command, startedAt: begin.startedAt))
            return try MessageCoding.encode(command).count
        case .damaged(let cause)?:
            note(cause, in: &page)
            return 0
        case nil: return 0
        }
    }

    /// A damaged repository must not make an answer that nobody can read.
    private func note(_ damage: String, in page: inout FinalsPage) {
        if page.damages.count < 100 { page.damages.append(damage) }
    }
}
