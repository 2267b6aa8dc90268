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

    /// Where a page goes on: first all outcomes from the newest on, then the sessions that have none, by their ids.
    package enum Place: Sendable, Equatable {
        case ended(before: SnapshotID?)
        case begun(after: SessionID?)

        private static let folder = "sessions/"

        /// - Parameter next: `FinalsPage.next` of the page before; nil: the first page.
        /// - Returns: nil for a text that is none.
        package init?(_ next: String?) {
            guard let next else {
                self = .ended(before: nil)
                return
            }
            if next == Self.folder {
                self = .begun(after: nil)
            } else if next.hasPrefix(Self.folder), let session = SessionID(String(next.dropFirst(Self.folder.count))) {
                self = .begun(after: session)
            } else if let snapshot = SnapshotID(next) {
                self = .ended(before: snapshot)
            } else {
                return nil
            }
        }

        var text: String? {
            switch self {
            case .ended(let before): before?.text
            case .begun(let after): Self.folder + (after?.text ?? "")
            }
        }
    }

    /// A page while it is read.
    private struct Draft {
        var page = FinalsPage()
        var bytes = 0
        /// Sessions that count for `Limit.sessions`.
        var told = 0
        var hasLooked = false

        func isFull(_ limit: Limit) -> Bool {
            hasLooked && (told >= limit.sessions || bytes >= limit.bytes || .now >= limit.deadline)
        }
    }

    private let store: RepositoryStore

    package init(store: RepositoryStore) { self.store = store }

    /// However many sessions there are, a page takes a few lists and what its limit allows.
    ///
    /// - Parameters:
    ///   - place: that of the first page, or the `next` of the page before.
    ///   - isMeant: whether a session's Repository is the one that is asked about: a repository may have several names.
    /// - Throws: `ArchiveError` of a store that cannot be read. What is damaged is in the page.
    package func page(
        from place: Place, limit: Limit, isMeant: (_ repositoryName: String) -> Bool
    ) throws -> FinalsPage {
        var draft = Draft()
        var place: Place? = place
        if case .ended(let before)? = place { place = try addEnded(before: before, to: &draft, limit, isMeant) }
        if case .begun(let after)? = place { place = try addBegun(after: after, to: &draft, limit, isMeant) }
        draft.page.next = place?.text
        return draft.page
    }

    /// - Returns: where to go on.
    private func addEnded(
        before: SnapshotID?, to draft: inout Draft, _ limit: Limit, _ isMeant: (String) -> Bool
    ) throws -> Place {
        var before = before
        while true {
            let (found, areLast) = try OutcomeSearch(store: store).newest(before: before)
            for snapshot in found {
                if draft.isFull(limit) { return .ended(before: before) }
                draft.hasLooked = true
                draft.told += 1
                before = snapshot
                guard let session = snapshot.session else { continue }
                draft.bytes += try note(session, in: &draft.page, limit, isMeant)
            }
            if areLast { return .begun(after: nil) }
            if draft.isFull(limit) { return .ended(before: before) }
        }
    }

    /// Lists no more of a session than a page of the list has: the next list begins with the next session.
    ///
    /// - Returns: where to go on; nil: these were the last.
    private func addBegun(
        after: SessionID?, to draft: inout Draft, _ limit: Limit, _ isMeant: (String) -> Bool
    ) throws -> Place? {
        var after = after
        var start = try after.map { try Self.end(of: $0.text) }
        while true {
            let objects = try store.list("sessions/", after: start, limit: Self.listed)
            for object in objects {
                // The first of a session's names.
                guard case .journal(let session, .begin)? = CollectorObject(object.key) else { continue }
                if draft.isFull(limit) { return .begun(after: after) }
                draft.hasLooked = true
                after = session
                if try hasOutcome(session) { continue }
                draft.told += 1
                draft.bytes += try note(session, in: &draft.page, limit, isMeant)
            }
            guard objects.count == Self.listed, let last = objects.last else { return nil }
            start = last.key.components.count > 1 ? try Self.end(of: last.key.components[1]) : last.key
        }
    }

    /// Keys of one list.
    private static let listed = 1_000

    /// Above all objects of a session and below those of the next: `0` follows on `/`.
    private static func end(of session: some StringProtocol) throws(ArchiveError) -> ObjectKey {
        try ObjectKey("sessions/\(session)0")
    }

    /// Then it was told with the outcomes, or ended meanwhile, which events tell.
    private func hasOutcome(_ session: SessionID) throws -> Bool {
        guard case .value(let begin)? = try store.entry(BeginEntry.self, at: ObjectKey("sessions/\(session)/begin")) else {
            return false
        }
        return try store.exists(ObjectKey("outcomes/\(SnapshotID(startedAt: begin.startedAt, session: session))"))
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
