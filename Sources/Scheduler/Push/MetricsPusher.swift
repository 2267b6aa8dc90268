import Manifests
import Messages
import Runtime

/// Pushes the metrics of every session that ends to a Pushgateway, and takes away the groups of what is gone.
///
/// What has to be pushed is in the ledger, so nothing is lost when the gateway or the Scheduler is away; no session waits for it, and none
/// fails over it.
struct MetricsPusher: Sendable {
    /// A session that could not be pushed for so long after its end is not pushed any more.
    static let memory = Duration.seconds(86_400)
    /// What is gone is looked for at the first of so many looks, since it takes a reading of all resources.
    private static let looksForGone = 30
    /// Pauses after failures, from 1 s on.
    static let backoff = Backoff(base: .seconds(1), factor: 2, cap: .seconds(60))

    let gateway: Pushgateway
    let ledger: Ledger
    /// The plans that are loaded now.
    let plans: @Sendable () async -> LoadedPlans
    let logger: Logger

    /// Looks once a second, and after failures in a row less and less often.
    ///
    /// - Throws: only for cancellation; what fails is logged and tried again.
    func run() async throws {
        var (looks, failures) = (0, 0)
        while !Task.isShuttingDownGracefully {
            do {
                defer { looks += 1 }
                var error = try await pass(at: .now())
                if error == nil, looks % Self.looksForGone == 0 { error = try await deleteGone(at: .now()) }
                if let error {
                    if failures == 0 {
                        logger.warning("metrics could not be pushed; it is tried again", metadata: ["error": .string(error)])
                    }
                    failures += 1
                } else {
                    if failures > 0 { logger.info("metrics are pushed again", metadata: ["failures": .string("\(failures)")]) }
                    failures = 0
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                logger.error("a push failed and is repeated", metadata: ["error": .string("\(error)")])
                failures += 1
            }
            try await Task.sleep(for: failures == 0 ? .seconds(1) : Self.backoff.limit(attempt: failures - 1))
        }
    }

    /// Pushes all that is to be pushed, oldest first.
    ///
    /// - Returns: why it stopped at one that has to be tried again; nil when all is done.
    func pass(at now: Timestamp) async throws -> String? {
        let (sessions, repositories) = (
            try await ledger.sessionsToPush(since: now - Self.memory),
            try await ledger.repositoriesToPush(since: now - Self.memory)
        )
        guard !sessions.isEmpty || !repositories.isEmpty else { return nil }
        let loaded = await plans()
        var batches: Set<SessionID> = []
        for session in sessions {
            guard let identity = session.identity else { continue }
            guard try await isOurs(identity.invoker, in: identity.namespace, loaded) else {
                if loaded.isWhole { try await ledger.leaveOut(session) }
                continue
            }
            // In one go, since a push replaces what the group has under the same names.
            let batch = if let parent = identity.parent { try await ledger.batch(parent.id.text) } else { BatchSession?.none }
            if let batch, !batches.insert(batch.id).inserted { continue }
            let metrics =
                if let batch { try await metrics(of: batch) } else {
                    StashMetrics(session, targets: [try await target(of: session)])
                }
            let group = PushGroup(invoker: identity.invoker, namespace: identity.namespace)
            let answer = try await gateway.push(metrics.families, job: group.job)
            for one in batch.map({ $0.members.sorted { ($0.finishedAt ?? now) < ($1.finishedAt ?? now) } }) ?? [session] {
                try await ledger.notePush(of: one, answer.result, error: answer.error, at: now)
            }
            if let stop = take(answer, job: group.job) { return stop }
        }
        for push in repositories {
            let group = PushGroup(invoker: push.command.invoker, namespace: push.command.namespace)
            guard try await isOurs(group.invoker, in: group.namespace, loaded) else {
                if loaded.isWhole { try await ledger.leaveOut(push) }
                continue
            }
            let answer = try await gateway.push(StashMetrics(push.event, push.command).families, job: group.job)
            try await ledger.notePush(of: push, answer.result, at: now)
            if let stop = take(answer, job: group.job) { return stop }
        }
        return nil
    }

    private func metrics(of batch: BatchSession) async throws -> StashMetrics {
        var targets: [StashMetrics.Target] = []
        for member in batch.members where member.phase != .skipped { targets.append(try await target(of: member)) }
        guard let whole = batch.session else { return StashMetrics() }
        return StashMetrics(whole, targets: targets)
    }

    private func target(of session: LedgerSession) async throws -> StashMetrics.Target {
        StashMetrics.Target(
            session: session, command: try await ledger.command(of: session.id),
            indices: Set(try await ledger.indices(of: session.id).map(\.name)),
            earlierIndices: try await ledger.indexNames(before: session))
    }

    /// A plan's group goes with the plan, a restore's after a week: nothing stale should alert for ever.
    ///
    /// - Returns: as `pass`.
    func deleteGone(at now: Timestamp) async throws -> String? {
        let groups = try await ledger.pushGroups()
        guard !groups.isEmpty else { return nil }
        let loaded = await plans()
        for (group, pushedAt) in groups {
            let isGone = group.plan.map { loaded.isGone($0) } ?? (now - pushedAt > SchedulerMetrics.restoreWindow)
            guard isGone else { continue }
            let answer = try await gateway.delete(job: group.job)
            if let error = answer.error { return error }
            try await ledger.forget(group)
            logger.info("the metrics of what is gone were deleted", metadata: ["job": .string(group.job)])
        }
        return nil
    }

    /// Whether this Scheduler has had the plan: another one's, which the broker tells of as well, pushes to a group of its own. Restores are
    /// everyone's.
    private func isOurs(_ invoker: Invoker, in namespace: String, _ loaded: LoadedPlans) async throws -> Bool {
        let group = PushGroup(invoker: invoker, namespace: namespace)
        guard let plan = group.plan, !loaded.keys.contains(plan) else { return true }
        if loaded.isWhole { return false }
        return try await ledger.isPushed(group)
    }

    private func take(_ answer: Pushgateway.Answer, job: String) -> String? {
        guard let error = answer.error else { return nil }
        if answer.result == .failed { return error }
        logger.warning("metrics were refused and are left out", metadata: ["job": .string(job), "error": .string(error)])
        return nil
    }
}
