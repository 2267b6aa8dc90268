package import Archive
import FoundationEssentials
import Messages
import Runtime

/// Deletes a repository: every object under its prefix whose name is one of the format's, `FORMAT` last, so that a purge that died can be
/// begun again. What has another name is somebody else's and stays.
///
/// Blocking. May be repeated, also where `FORMAT` or the keys are gone and others have stored since.
package struct Purge {
    package struct Report: Sendable, Equatable {
        package var objects = 0
        package var bytes = 0
        /// Names that are none of the format's: the first of them, and how many there are.
        package var left: [String] = []
        package var leftCount = 0
        /// Who used the repository and was not waited for.
        package var overridden: [String] = []
        /// Whether there is what a repository alone has: `FORMAT`, or documents and what leads to them.
        fileprivate var isRepository = false
    }

    /// Each pass deletes what others stored during the one before; who never stops is told.
    private static let passes = 5
    private static let leftNames = 20

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

    /// What a purge would delete and what it would leave.
    ///
    /// - Throws: `SnapshotError(.refused)` where another repository lies below this one.
    package func size() throws -> Report {
        var report = Report()
        var inner: [String] = []
        try store.forEachObject("") { (object: ObjectInfo) throws(ArchiveError) in
            let components = object.key.components
            if components.count > 1, components.last == "FORMAT" {
                inner.append(components.dropLast().joined(separator: "/"))
            } else if let name = CollectorObject(object.key) {
                report.objects += 1
                report.bytes += object.size
                if object.key == .format || name.isContent { report.isRepository = true }
            } else {
                report.leftCount += 1
                if report.left.count < Self.leftNames { report.left.append(object.key.text) }
            }
        }
        guard inner.isEmpty else {
            throw SnapshotError(
                .refused,
                "other repositories lie below \(store.location): \(inner.joined(separator: ", ")); move or purge them first")
        }
        return report
    }

    /// Deletes what is the repository's: the snapshots first, so that none is listed whose documents are gone; then the rest; then the keys,
    /// without which pins cannot be read; then `FORMAT`, when nothing else is left. Then looks again.
    ///
    /// - Parameter isForced: delete though somebody uses the repository.
    /// - Throws: `SnapshotError`: `.refused` naming who does, or other repositories below; `.notFound` where nothing of one is there.
    ///   `ArchiveError`.
    package func run(isForced: Bool) throws -> Report {
        let found = try size()
        guard found.isRepository else { throw SnapshotError(.notFound, "there is no repository in \(store.location)") }
        let users = try users()
        guard isForced || users.isEmpty else {
            throw SnapshotError(
                .refused,
                "\(store.location) is in use: \(Self.some(of: users)). End it, wait for it, or purge it all the same with --force"
            )
        }
        var report = found
        (report.objects, report.bytes, report.overridden) = (0, 0, users)
        var pass = 0
        repeat {
            guard pass < Self.passes else {
                throw SnapshotError(
                    .refused,
                    "somebody goes on writing to \(store.location): stop the workers that use it, then purge again; "
                        + "\(report.objects) objects are deleted")
            }
            pass += 1
        } while try !deleteAll(&report)
        // Half-written objects of others may be under way where others have stored.
        let age = found.left.isEmpty ? Duration.zero : GarbageCollection.writing
        _ = try store.removeLeftovers(olderThan: Int(age.components.seconds))
        return report
    }

    /// The first few of many.
    package static func some(of users: [String]) -> String {
        users.prefix(5).joined(separator: "; ") + (users.count > 5 ? "; and \(users.count - 5) more" : "")
    }

    /// - Returns: false where somebody has stored meanwhile: once more.
    private func deleteAll(_ report: inout Report) throws(ArchiveError) -> Bool {
        try delete("outcomes/", &report) { _ in true }
        try delete("", &report) { CollectorObject($0) != .foundation }
        guard try isGone({ CollectorObject($0) != .foundation }) else { return false }
        try delete("keys/", &report) { _ in true }
        try delete("", &report) { CollectorObject($0) == .foundation && $0 != .format }
        guard try isGone({ $0 != .format }) else { return false }
        try delete("FORMAT", &report) { $0 == .format }
        return try isGone { _ in true }
    }

    private func isGone(_ isMeant: (ObjectKey) -> Bool) throws(ArchiveError) -> Bool {
        var isGone = true
        try store.forEachObject("") { (object: ObjectInfo) throws(ArchiveError) in
            if CollectorObject(object.key) != nil, isMeant(object.key) { isGone = false }
        }
        return isGone
    }

    private func delete(_ prefix: String, _ report: inout Report, where isMeant: (ObjectKey) -> Bool) throws(ArchiveError) {
        var sum = report
        try store.forEachObject(prefix) { (object: ObjectInfo) throws(ArchiveError) in
            guard CollectorObject(object.key) != nil, isMeant(object.key) else { return }
            try store.delete(object.key)
            sum.objects += 1
            sum.bytes += object.size
        }
        report = sum
    }
}
