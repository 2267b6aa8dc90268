import Crypto
package import Messages
package import Runtime
import Sessions

/// A retention policy, carried out on a repository.
package struct Retention {
    package struct Report: Hashable, Sendable {
        /// Group by group, newest first.
        package var decisions: [RetentionRules.Decision]
        /// What this run has forgotten, in this try or one before. With a dry run: what it would forget.
        package var forgotten: [SnapshotID]
        package var isDryRun: Bool
        /// Snapshots that cannot be read, and are left as they are.
        package var unreadable: [SnapshotID] = []

        package var keptCount: Int { decisions.count(where: \.isKept) }
    }

    private let catalog: SnapshotCatalog
    private let policy: RetentionPolicy
    private let rules: RetentionRules

    /// - Throws: as `RetentionRules.init`.
    package init(_ policy: RetentionPolicy, of catalog: SnapshotCatalog) throws(SnapshotError) {
        self.policy = policy
        self.catalog = catalog
        rules = try RetentionRules(policy)
    }

    /// Forgets what the policy does not keep, unless it is a dry run. May be repeated: `run` tells what earlier tries have forgotten.
    ///
    /// - Parameters:
    ///   - run: names this retention for ever, such as a session's id. Nil: a random one, which cannot be repeated.
    ///   - isMeant: of which groups; all where nil.
    ///   - isDryRun: as the policy's `dryRun`, which holds too.
    package func apply(
        run: String? = nil, now: Timestamp = .now(), isDryRun: Bool = false,
        where isMeant: (RetentionRules.Group) -> Bool = { _ in true }
    ) throws -> Report {
        let run = try run ?? randomBytes(16).hex
        let pinned = try catalog.pinned()
        let (records, damages) = try catalog.look()
        let checks = try IntegrityChecks(catalog.store)
        let ids = Set(records.map(\.id))
        let subjects =
            try records.map {
                let summary = $0.commit.summary
                // A repair that has stored the replacement and not forgotten the damaged one yet may go on.
                let isReplaced = try !ids.isDisjoint(with: Repair.replacementIDs(of: summary))
                return RetentionRules.Subject(
                    summary: summary, tags: $0.marks.tags, isKept: $0.marks.isKept, isPinned: pinned.contains($0.id),
                    isDamaged: isReplaced || checks.accuses($0.id))
            }
            .filter { isMeant($0.group) }
        let decisions = try rules.apply(subjects, now: now)
        let unwanted = decisions.filter { !$0.isKept }.map(\.subject.id)
        var report = Report(decisions: decisions, forgotten: unwanted, isDryRun: isDryRun || policy.dryRun)
        report.unreadable = damages.keys.sorted()
        guard !report.isDryRun else { return report }
        let forgetting = Forgetting(store: catalog.store)
        // Oldest first, so that a run that ends in between leaves the newer ones.
        for id in unwanted.sorted() {
            _ = try forgetting.forget(
                id, reason: "no rule of retention policy \(policy.name) keeps it", policy: policy.name, run: run)
        }
        report.forgotten = try forgetting.entries().filter { $0.value.run == run }.map(\.key).sorted()
        return report
    }
}
