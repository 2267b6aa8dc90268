import Archive
import Messages

/// Which snapshots are known to be damaged, without a look at one of them.
struct KnownDamage {
    /// As outcomes' names have them.
    private let found: Set<String>
    private let listed: Set<SnapshotID>

    /// - Parameter listed: all snapshots of the repository that can be chosen.
    init(_ store: RepositoryStore, listed: Set<SnapshotID>) throws {
        self.listed = listed
        found = try Self.found(in: store)
    }

    /// Whether a verification has said so, or a repair has begun to replace it.
    func contains(_ summary: SnapshotSummary) throws -> Bool {
        try found.contains(summary.id.text) || !listed.isDisjoint(with: Repair.replacementIDs(of: summary))
    }

    /// Of the newest verification that has read all, and of those since: a quick one does not see what a full one did.
    private static func found(in store: RepositoryStore) throws -> Set<String> {
        // Names begin with the time.
        var checks: [ObjectKey] = []
        try store.forEachObject("checks/") { (object: ObjectInfo) throws(ArchiveError) in checks.append(object.key) }
        var found: Set<String> = []
        for key in checks.reversed() {
            // A result that cannot be read has nothing to say: those before it do.
            guard let report = try store.entry(VerificationReport.self, at: key)?.value else { continue }
            found.formUnion(report.findings.map(\.snapshot))
            if report.mode == VerificationMode.full.name { break }
        }
        return found
    }
}
