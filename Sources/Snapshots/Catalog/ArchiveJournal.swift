package import Archive
package import Messages
package import Sessions

/// The journal of a backup: objects under `sessions/<id>/` in the repository, put by conditional put.
///
/// The outcome stands at `outcomes/<time>-<id>`, where the time is that of the begin entry: the name is known without listing, and
/// the list of outcomes is the list of snapshots, sorted by time.
package final class ArchiveJournal: Journal {
    private let store: RepositoryStore
    private let session: SessionID
    /// Entries are immutable, so what was seen once need not be read again.
    private var seen: [EntryName: Entry] = [:]

    package init(store: RepositoryStore, session: SessionID) {
        self.store = store
        self.session = session
    }

    package func put(_ entry: Entry, at name: EntryName) throws -> EntryPut {
        guard let key = try key(of: name) else {
            throw ArchiveError(.notFound, "session \(session) has no begin entry, so its outcome has no name yet")
        }
        let bytes = try EntryCoding.encode(entry)
        guard bytes.count <= ObjectSize.small else {
            throw SnapshotError(
                .refused,
                "the \(name) entry would have \(bytes.count) bytes, at most \(ObjectSize.small) can be read again: "
                    + "split the BackupConfiguration into several that take fewer indices each")
        }
        if case .created = try store.put(bytes, at: key) {
            seen[name] = entry
            return .created
        }
        guard let standing = try read(name) else {
            throw ArchiveError(.notFound, "object \(key) was there and is gone; was the repository changed by hand?")
        }
        return standing.nonce == entry.nonce ? .created : .existing(standing)
    }

    package func read(_ names: [EntryName]) throws -> [EntryName: Entry] {
        var entries: [EntryName: Entry] = [:]
        for name in names { entries[name] = try read(name) }
        return entries
    }

    private func read(_ name: EntryName) throws -> Entry? {
        if let entry = seen[name] { return entry }
        guard let key = try key(of: name), let bytes = try store.get(key) else { return nil }
        let entry = try decode(bytes, at: name, key: key)
        seen[name] = entry
        return entry
    }

    private func decode(_ bytes: [UInt8], at name: EntryName, key: ObjectKey) throws -> Entry {
        do {
            return try EntryCoding.decode(bytes, at: name)
        } catch {
            throw ArchiveError(.corrupt, "object \(key) is not a \(name) entry: \(MessageCoding.complaint(error))")
        }
    }

    /// Nil for the outcome of a session that never began.
    private func key(of name: EntryName) throws -> ObjectKey? {
        guard case .outcome = name else { return try ObjectKey("sessions/\(session)/\(name)") }
        guard case .begin(let begin)? = try read(.begin) else { return nil }
        return try ObjectKey("outcomes/\(SnapshotID(startedAt: begin.startedAt, session: session))")
    }
}
