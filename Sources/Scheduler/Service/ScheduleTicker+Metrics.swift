import Manifests
import Messages
import Runtime

extension ScheduleTicker {
    func refreshMetrics(
        _ configurations: [BackupConfiguration], _ plans: LoadedPlans, _ book: ScheduleBook, now: Timestamp
    ) async throws {
        let known = configurations.map { ($0.planName, book.summary(of: $0.planName)) }
        schedules.withLock { $0 = Dictionary(known) { first, _ in first } }
        let shown = configurations.map { one in
            let summary = book.summary(of: one.planName)
            return SchedulerMetrics.Configuration(
                namespace: one.metadata.namespace, name: one.metadata.name, repository: one.spec.repository.name,
                isPaused: one.spec.paused, knownSince: summary.knownSince, expectedInterval: summary.expectedInterval,
                nextRun: summary.nextRun, repositoryNamespace: one.repositoryKey.namespace)
        }
        let summaries = try await ledger.summaries()
        let metrics = SchedulerMetrics(
            configurations: shown
                + (plans.isWhole ? [] : try await unreadable(besides: configurations, plans, summaries, at: now)),
            summaries: summaries, activeSessions: try await ledger.activeSessions(limit: 1000), lastTick: now, version: version,
            surroundings: try await ledger.surroundings(of: summaries.compactMap(\.lastFinished), at: now),
            manifestErrors: plans.errors, rebuild: try await ledger.rebuild())
        for family in metrics.families() + measurements.families() { registry.replace(family) }
    }

    /// Plans that cannot be read and may be there still, as the ledger knows them: their alerts must not end by a mistake in a manifest.
    private func unreadable(
        besides configurations: [BackupConfiguration], _ plans: LoadedPlans, _ summaries: [Ledger.InvokerSummary],
        at now: Timestamp
    ) async throws -> [SchedulerMetrics.Configuration] {
        let refused = plans.keys.filter { $0.kind == .backupConfiguration }.map {
            PlanName(namespace: $0.namespace, name: $0.name)
        }
        let missing = Set(try await ledger.scheduledPlans() + refused).subtracting(configurations.map(\.planName))
        var found: [SchedulerMetrics.Configuration] = []
        for plan in missing.sorted(by: { ($0.namespace, $0.name) < ($1.namespace, $1.name) }) {
            let state = try await ledger.scheduleState(namespace: plan.namespace, name: plan.name)
            let summary = summaries.first {
                $0.namespace == plan.namespace
                    && $0.invoker == Invoker(kind: BackupConfiguration.kind.rawValue, name: plan.name)
            }
            guard let repository = summary?.lastFinished?.identity?.repository ?? state.map({ _ in "" }) else { continue }
            found.append(
                SchedulerMetrics.Configuration(
                    namespace: plan.namespace, name: plan.name, repository: repository, isPaused: state?.isPaused ?? false,
                    knownSince: state?.knownSince, expectedInterval: interval(of: state, of: plan, at: now), nextRun: nil))
        }
        return found
    }

    private func interval(of state: CronSchedule.State?, of plan: PlanName, at now: Timestamp) -> Duration? {
        guard let state else { return nil }
        do {
            return try CronSchedule(rule: state.rule).longestInterval(from: now)
        } catch {
            logger.debug(
                "the schedule that a plan had is not known here any more",
                metadata: ["invoker": .string(plan.name), "error": .string("\(error)")])
            return nil
        }
    }
}
