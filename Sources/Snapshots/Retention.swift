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
        let records = try catalog.records()
        let damage = try KnownDamage(catalog.store, listed: Set(records.map(\.id)))
        let subjects =
            try records.map {
                RetentionRules.Subject(
                    summary: $0.commit.summary, tags: $0.marks.tags, isKept: $0.marks.isKept, isPinned: pinned.contains($0.id),
                    isDamaged: try damage.contains($0.commit.summary))
            }
            .filter { isMeant($0.group) }
        let decisions = try rules.apply(subjects, now: now)
        let unwanted = decisions.filter { !$0.isKept }.map(\.subject.id)
        guard !isDryRun, !policy.dryRun else { return Report(decisions: decisions, forgotten: unwanted, isDryRun: true) }
        let forgetting = Forgetting(store: catalog.store)
        // Oldest first, so that a run that ends in between leaves the newer ones.
        for id in unwanted.sorted() {
            _ = try forgetting.forget(
                id, reason: "no rule of retention policy \(policy.name) keeps it", policy: policy.name, run: run)
        }
        let all = try forgetting.entries()
        return Report(
            decisions: decisions, forgotten: all.filter { $0.value.run == run }.map(\.key).sorted(), isDryRun: false)
    }
}
