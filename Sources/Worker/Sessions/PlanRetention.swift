import Archive
import Messages
import Runtime
import Sessions
import Snapshots

/// The retention policy of a plan, applied when a backup of it has committed. Its failure is none of the session. Blocking.
struct PlanRetention {
    /// Snapshots that a status names.
    private static let named = 20

    let store: RepositoryStore
    let command: SessionCommand
    var memory: CatalogMemory?

    /// Forgets what the policy does not keep of the snapshots of this target and plan. May be repeated: it tells the same again.
    ///
    /// - Parameter isGivenUp: ending the session has killed workers again and again, so nothing more is risked.
    /// - Returns: Stash's condition; nil without a policy.
    func condition(isGivenUp: Bool) -> Condition? {
        guard let policy = command.configuration?.spec.retentionPolicy else { return nil }
        do {
            guard !isGivenUp else {
                throw WorkerError(
                    .refused, "ending the session killed workers again and again; apply it with: sheaf repo retain")
            }
            return condition("True", "SuccessfullyAppliedRetentionPolicy", text(try apply(policy), policy))
        } catch {
            return condition(
                "False", "FailedToApplyRetentionPolicy", "retention policy \(policy.name) was not applied: \(error)")
        }
    }

    private func apply(_ policy: RetentionPolicy) throws -> Retention.Report {
        let source = SnapshotSource(namespace: command.namespace, target: command.target.metadata.name)
        return try Retention(policy, of: SnapshotCatalog(store: store, memory: memory)).apply(run: command.id.text) {
            $0.source == source && $0.invoker == command.invoker
        }
    }

    private func text(_ report: Retention.Report, _ policy: RetentionPolicy) -> String {
        let count = report.forgotten.count
        let kept = "\(report.keptCount) \(report.keptCount == 1 ? "is" : "are") kept"
        let verb = report.isDryRun ? "would forget" : "forgot"
        let snapshots = count == 0 ? "no snapshot" : "\(count) snapshot\(count == 1 ? "" : "s")"
        let names = count == 0 ? "" : ": \(list(report.forgotten))"
        let unreadable =
            report.unreadable.isEmpty ? "" : "; left as they are, since they cannot be read: \(list(report.unreadable))"
        return "retention policy \(policy.name) \(verb) \(snapshots), \(kept)\(names)\(unreadable)"
    }

    private func list(_ snapshots: [SnapshotID]) -> String {
        let names = snapshots.prefix(Self.named).map(\.text).joined(separator: ", ")
        return snapshots.count > Self.named ? "\(names) and \(snapshots.count - Self.named) more" : names
    }

    private func condition(_ status: String, _ reason: String, _ message: String) -> Condition {
        Condition(
            type: "RetentionPolicyApplied", status: status, reason: reason, message: message, lastTransitionTime: .now())
    }
}
