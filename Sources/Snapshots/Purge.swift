package import Archive
import FoundationEssentials
import Messages
import Runtime

/// Deletes a repository: everything under its prefix, `FORMAT` last, so that a purge that died can be begun again.
///
/// Blocking. May be repeated.
package struct Purge {
    package struct Report: Sendable, Equatable {
        package var objects = 0
        package var bytes = 0
    }

    /// Each pass deletes what others stored during the one before; who never stops is told.
    private static let passes = 5

    private let store: RepositoryStore

    package init(_ store: RepositoryStore) { self.store = store }

    /// Who uses the repository: open sessions and pins that hold.
    package func users() throws -> [String] {
        let now = try store.timestamp()
        var facts = GarbageCollection(now: now, grace: .zero)
        try store.forEachObject("sessions/") { (object: ObjectInfo) throws(ArchiveError) in
            guard case .journal(let session, let part)? = CollectorObject(object.key) else { return }
            facts.note(session, part, at: Timestamp(object.modified))
        }
        let pins = try Pins(store).all().filter { !$0.isPast(at: now) }
        try store.forEachObject("outcomes/") { (object: ObjectInfo) throws(ArchiveError) in
            guard case .outcome(let snapshot)? = CollectorObject(object.key) else { return }
            facts.noteOutcome(of: snapshot, at: Timestamp(object.modified))
        }
        return facts.openSessions.map { "session \($0) is open" }
            + pins.map { "\($0.key) holds until \($0.end)\($0.pin.map { ": \($0.reason)" } ?? "")" }
    }

    /// Objects and bytes that a purge would delete.
    package func size() throws -> Report {
        var report = Report()
        try store.forEachObject("") { (object: ObjectInfo) throws(ArchiveError) in
            report.objects += 1
            report.bytes += object.size
        }
        return report
    }

    /// Deletes all objects: the snapshots first, so that none is listed whose documents are gone; then the rest; then the keys, without
    /// which a purge that died could not go on; then `FORMAT`.
    ///
    /// - Parameter isForced: delete though somebody uses the repository.
    /// - Throws: `SnapshotError(.refused)` naming who does; `ArchiveError`.
    package func run(isForced: Bool) throws -> Report {
        let users = isForced ? [] : try users()
        guard users.isEmpty else {
            let shown = users.prefix(5).joined(separator: "; ") + (users.count > 5 ? "; and \(users.count - 5) more" : "")
            throw SnapshotError(
                .refused, "\(store.location) is in use: \(shown). End it, wait for it, or purge it all the same with --force")
        }
        var report = Report()
        var pass = 0
        repeat {
            guard pass < Self.passes else {
                throw SnapshotError(
                    .refused, "somebody goes on writing to \(store.location): stop the workers that use it, then purge again")
            }
            pass += 1
            try delete("outcomes/", &report) { _ in true }
            try delete("", &report) { !Self.isLast($0) }
        } while try !isEmptied()
        try delete("keys/", &report) { _ in true }
        try delete("", &report) { $0 != .format }
        try delete("", &report) { _ in true }
        _ = try store.removeLeftovers(olderThan: 0)
        return report
    }

    private static func isLast(_ key: ObjectKey) -> Bool { CollectorObject(key) == .foundation }

    private func isEmptied() throws(ArchiveError) -> Bool {
        var isEmpty = true
        try store.forEachObject("") { (object: ObjectInfo) throws(ArchiveError) in
            if !Self.isLast(object.key) { isEmpty = false }
        }
        return isEmpty
    }

    private func delete(_ prefix: String, _ report: inout Report, where isMeant: (ObjectKey) -> Bool) throws(ArchiveError) {
        var sum = report
        try store.forEachObject(prefix) { (object: ObjectInfo) throws(ArchiveError) in
            guard isMeant(object.key) else { return }
            try store.delete(object.key)
            sum.objects += 1
            sum.bytes += object.size
        }
        report = sum
    }
}
