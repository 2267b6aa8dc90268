import Manifests
import Messages
import Runtime

/// Looks at all schedules once a second, starts what is due, rescues what went quiet, and keeps the page of metrics fresh.
struct ScheduleTicker: Sendable {
    /// Finished sessions older than this are forgotten, but for the newest hundred of each plan and its last success.
    static let memory = Duration.seconds(90 * 86_400)

    /// A session that said nothing for so long is published again.
    let quietLimit: Duration
    let folder: ResourceFolder
    let starter: SessionStarter
    let ledger: Ledger
    let registry: MetricsRegistry
    let measurements: Measurements
    let version: String
    let logger: Logger

    /// - Throws: only for cancellation; what fails is logged and looked at again at the next tick.
    func run() async throws {
        var ticks = 0
        let rescueTicks = Int(min(max(quietLimit.seconds, 1), 60))
        while !Task.isShuttingDownGracefully {
            do {
                let now = Timestamp.now()
                let configurations = try await fireDue(now)
                if ticks % rescueTicks == rescueTicks - 1 { try await rescue(now) }
                if ticks % 3600 == 3599 { try await ledger.prune(before: now - Self.memory, keepingNewest: 100) }
                if ticks % 5 == 0 { try await refreshMetrics(configurations, now: now) }
            } catch let error as CancellationError {
                throw error
            } catch {
                logger.error("a tick failed and is repeated", metadata: ["error": .string("\(error)")])
            }
            ticks += 1
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func fireDue(_ now: Timestamp) async throws -> [SchedulerMetrics.Configuration] {
        let resources = await folder.resources()
        var metrics: [SchedulerMetrics.Configuration] = []
        for configuration in resources.backupConfigurations.map(\.value) {
            let (namespace, name) = (configuration.metadata.namespace, configuration.metadata.name)
            var summary = SchedulerMetrics.Configuration(
                namespace: namespace, name: name, repository: configuration.spec.repository.name,
                isPaused: configuration.spec.paused,
                knownSince: nil, expectedInterval: nil, nextRun: nil, repositoryNamespace: configuration.repositoryKey.namespace)
            defer { metrics.append(summary) }
            guard let text = configuration.spec.schedule else { continue }
            let schedule: CronSchedule
            do throws(SchedulerError) {
                let zone = try configuration.spec.timeZone.map { (id) throws(SchedulerError) in try TimeZoneRules(identifier: id)
                }
                schedule = CronSchedule(expression: try CronExpression(text), zone: zone ?? .utc)
            } catch {
                logger.debug("a schedule is not valid", metadata: ["invoker": .string(name), "error": .string(error.message)])
                continue
            }
            let (state, actions) = schedule.advance(
                try await ledger.scheduleState(namespace: namespace, name: name), to: now, isPaused: configuration.spec.paused)
            for case .fire(let slot, let missed) in actions {
                if missed > 0 {
                    logger.notice(
                        "missed runs are made up for by one",
                        metadata: ["invoker": .string(name), "missed": .string("\(missed)")])
                }
                let made = try SessionFactory(resources: resources, now: now)
                    .backup(namespace: namespace, name: name, key: .slot(slot), notAfter: schedule.nextSlot(after: now))
                _ = try await starter.start(made)
            }
            // After the publish: a crash between fires the slot again, which is the same session.
            try await ledger.save(state, namespace: namespace, name: name)
            summary.knownSince = state.knownSince
            summary.expectedInterval = schedule.longestInterval(from: now)
            summary.nextRun = schedule.nextSlot(after: now)
        }
        return metrics
    }

    /// Only sessions that a worker has begun: one that still waits for a worker would only wait twice.
    private func rescue(_ now: Timestamp) async throws {
        let quiet = try await ledger.quietSessions(since: now - quietLimit).filter { $0.session.startedAt != nil }
        // Where units wait, a quiet session is one whose turn has not come: published again, all of its units would wait twice.
        if !quiet.isEmpty, try await starter.waitingUnits() == 0 {
            for session in quiet { try await starter.rescue(session) }
        }
        for session in try await ledger.sessionsPastDeadline(at: now - quietLimit) {
            let message =
                "no worker ended the session although its deadline passed; are workers running, and is its repository reachable?"
            let failure = Condition(type: "DeadlineExceeded", reason: "NoWord", message: message, lastTransitionTime: now)
            let status = LedgerEvent.Status(
                phase: .failed, source: .scheduler, finishedAt: now, error: message, conditions: [failure])
            try await ledger.apply([LedgerEvent(session: session.session.id, time: now, content: .status(status))])
        }
    }

    private func refreshMetrics(_ configurations: [SchedulerMetrics.Configuration], now: Timestamp) async throws {
        var active = Ledger.Filter()
        active.phases = [.pending, .running]
        let summaries = try await ledger.summaries()
        let metrics = SchedulerMetrics(
            configurations: configurations, summaries: summaries,
            activeSessions: try await ledger.sessions(limit: 1000, filter: active), lastTick: now, version: version,
            surroundings: try await ledger.surroundings(of: summaries.compactMap(\.lastFinished), at: now))
        for family in metrics.families() + measurements.families() { registry.replace(family) }
    }
}
