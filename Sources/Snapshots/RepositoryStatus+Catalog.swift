import Archive
package import Messages
import Runtime
import Sessions

extension RepositoryStatus {
    /// What the repository's objects say: outcomes, what was forgotten, the newest verification.
    package init(of catalog: SnapshotCatalog) throws {
        let records = try catalog.records(includingForgotten: true)
        let times = records.map(\.commit.summary.time)
        let listed = records.filter(\.isListed)
        self.init(
            firstBackupTime: times.min(), lastBackupTime: times.max(),
            size: listed.reduce(0) { $0 + $1.commit.summary.storedBytes }, snapshotCount: listed.count,
            snapshotsRemovedOnLastCleanup: try Self.removed(catalog), integrity: try Self.integrity(catalog.store))
    }

    private static func removed(_ catalog: SnapshotCatalog) throws -> Int {
        let byRetention = try Forgetting(store: catalog.store).entries().values.filter { $0.policy != nil }
        guard let newest = byRetention.max(by: { $0.at < $1.at }) else { return 0 }
        return byRetention.count { $0.run == newest.run }
    }

    private static func integrity(_ store: RepositoryStore) throws -> Bool? {
        // Names begin with the time.
        var last: ObjectKey?
        try store.forEachObject("checks/") { (object: ObjectInfo) throws(ArchiveError) in last = object.key }
        guard let last, let bytes = try store.get(last) else { return nil }
        do {
            return try MessageCoding.decode(Check.self, from: bytes).findings.isEmpty
        } catch {
            throw ArchiveError(.corrupt, "object \(last) in \(store.location) is no result of a verification: \(error)")
        }
    }

    /// What is read of a verification's result here: each finding is something that is wrong.
    private struct Check: Decodable {
        var findings: [Finding]
        struct Finding: Decodable {}
    }
}
