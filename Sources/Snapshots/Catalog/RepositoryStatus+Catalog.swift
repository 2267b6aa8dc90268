import Archive
package import Messages
import Sessions

extension RepositoryStatus {
    /// What the repository's objects say: outcomes, what was forgotten, verifications.
    package init(of catalog: SnapshotCatalog) throws { self = try RepositorySurvey(of: catalog).status }
}

/// How a repository is, and what of its small objects cannot be read.
package struct RepositorySurvey {
    package let status: RepositoryStatus
    /// The verification that `integrity` rests on, but where a snapshot cannot be read now.
    package let check: IntegrityChecks.Check?
    /// A sentence for each object that cannot be read; the status is of all others.
    package let damages: [String]

    package init(of catalog: SnapshotCatalog) throws {
        let (records, unreadable) = try catalog.look(includingForgotten: true)
        let times = records.map(\.commit.summary.time)
        let listed = records.filter(\.isListed)
        let forgotten = try Forgetting(store: catalog.store).look()
        // A snapshot whose outcome cannot be read is there, and whole it is not, whatever was found before.
        let gone = try Forgetting(store: catalog.store).snapshots()
        let lost = try catalog.lost()
        let hidden = unreadable.keys.filter { !gone.contains($0) }.map(\.text) + lost.keys.map(\.text)
        let checks = try IntegrityChecks(catalog.store)
        check = checks.deciding(among: Set(listed.map(\.id.text) + hidden))
        status = RepositoryStatus(
            firstBackupTime: times.min(), lastBackupTime: times.max(),
            size: listed.reduce(0) { $0 + $1.commit.summary.storedBytes }, snapshotCount: listed.count,
            snapshotsRemovedOnLastCleanup: Self.removed(forgotten.entries.values),
            integrity: hidden.isEmpty ? check?.isWhole : false)
        damages =
            unreadable.merging(lost) { $1 }.sorted { $0.key < $1.key }.map(\.value) + records.compactMap(\.marksDamage)
            + forgotten.damages + checks.damages + (try Pins(catalog.store).all().compactMap(\.damage))
    }

    private static func removed(_ entries: some Collection<ForgottenEntry>) -> Int {
        let byRetention = entries.filter { $0.policy != nil }
        guard let newest = byRetention.max(by: { $0.at < $1.at }) else { return 0 }
        return byRetention.count { $0.run == newest.run }
    }
}
