import Messages
package import Runtime

/// The gauges of the Scheduler's `/metrics`, as a pure function of the ledger and the resources at one moment.
///
/// Nothing is counted in memory, so a restart changes no value, and what is gone from resources or ledger is gone here.
/// Names and labels are Stash's where Stash has them.
package struct SchedulerMetrics: Sendable {
    /// A BackupConfiguration that is loaded now.
    package struct Configuration: Sendable {
        package var namespace: String
        package var name: String
        package var repository: String
        /// Nil: the plan's own.
        package var repositoryNamespace: String?
        package var isPaused: Bool
        /// Since when it is known: what the age of the last success is measured from while there is none.
        package var knownSince: Timestamp?
        /// Nil when the schedule is missing or never fires.
        package var expectedInterval: Duration?
        package var nextRun: Timestamp?

        package init(
            namespace: String, name: String, repository: String, isPaused: Bool, knownSince: Timestamp?,
            expectedInterval: Duration?, nextRun: Timestamp?, repositoryNamespace: String? = nil
        ) {
            self.namespace = namespace
            self.name = name
            self.repository = repository
            self.isPaused = isPaused
            self.knownSince = knownSince
            self.expectedInterval = expectedInterval
            self.nextRun = nextRun
            self.repositoryNamespace = repositoryNamespace
        }

        /// Whether the plan should have succeeded by now: the rule of the alert BackupOverdue in compose/prometheus/rules/sheaf.yml.
        ///
        /// - Parameter lastSuccess: nil for never; then the time counts from when the plan became known.
        /// - Returns: nil without a schedule.
        package func isOverdue(lastSuccess: Timestamp?, at now: Timestamp) -> Bool? {
            guard let expectedInterval, let since = lastSuccess ?? knownSince else { return nil }
            return !isPaused && (now - since).seconds > 1.25 * expectedInterval.seconds + 300
        }
    }

    package var configurations: [Configuration]
    package var summaries: [Ledger.InvokerSummary]
    /// Sessions that are Pending or Running.
    package var activeSessions: [LedgerSession]
    package var lastTick: Timestamp
    package var version: String
    package var surroundings: Ledger.Surroundings
    /// Errors that keep manifests of the Scheduler's folder from being in force.
    package var manifestErrors: Int
    package var rebuild: Rebuild

    /// How long a finished restore is shown: a restore happens once, and its failure should not alert for ever.
    package static let restoreWindow: Duration = .seconds(7 * 86_400)

    package init(
        configurations: [Configuration], summaries: [Ledger.InvokerSummary], activeSessions: [LedgerSession],
        lastTick: Timestamp, version: String, surroundings: Ledger.Surroundings = Ledger.Surroundings(),
        manifestErrors: Int = 0, rebuild: Rebuild = Rebuild()
    ) {
        self.rebuild = rebuild
        self.manifestErrors = manifestErrors
        self.configurations = configurations
        self.summaries = summaries
        self.activeSessions = activeSessions
        self.lastTick = lastTick
        self.version = version
        self.surroundings = surroundings
    }

    /// All families, each also when it has no series, so that the set of names does not depend on what happened.
    package func families() -> [MetricFamily] {
        scheduleFamilies() + backupFamilies() + restoreFamilies() + activeFamilies() + workerFamilies() + repositoryFamilies() + [
            pushFamily(), rebuildFamily(),
            family("stash_scheduler_last_tick_time_seconds", "When the Scheduler last looked at its schedules.") {
                [([], lastTick.secondsSinceEpoch)]
            },
            family("stash_manifest_errors", "Errors that keep manifests of the Scheduler's folder from being in force.") {
                [([], Double(manifestErrors))]
            },
            family("stash_build_info", "1, labelled with the version of the program.") { [([("version", version)], 1)] },
        ]
    }

    typealias Series = (MetricsRegistry.Labels, Double)

    func family(_ name: String, _ help: String, _ series: () -> [Series]) -> MetricFamily {
        MetricFamily(name: name, help: help, samples: series().map { MetricFamily.Sample(labels: $0.0, value: $0.1) })
    }

    private func scheduleFamilies() -> [MetricFamily] {
        func perConfiguration(_ name: String, _ help: String, _ value: (Configuration) -> Double?) -> MetricFamily {
            family(name, help) { configurations.compactMap { one in value(one).map { (Self.labels(of: one), $0) } } }
        }
        return [
            perConfiguration("stash_backupconfiguration_created", "When the BackupConfiguration became known.") {
                $0.knownSince?.secondsSinceEpoch
            },
            perConfiguration("stash_backupconfiguration_paused", "1 when the BackupConfiguration is paused.") {
                $0.isPaused ? 1 : 0
            },
            perConfiguration("stash_backup_expected_interval_seconds", "The longest time between two runs of the schedule.") {
                $0.expectedInterval?.seconds
            },
            perConfiguration("stash_backup_next_run_time_seconds", "When the next run is due; absent while paused.") {
                $0.isPaused ? nil : $0.nextRun?.secondsSinceEpoch
            },
        ]
    }

    private func backupFamilies() -> [MetricFamily] {
        let known = backupSummaries
        func perPlan(_ name: String, _ help: String, _ value: (Ledger.InvokerSummary?) -> Double?) -> MetricFamily {
            family(name, help) {
                configurations.compactMap { one in
                    value(known[Key(one.namespace, one.name)]).map { (Self.labels(of: one), $0) }
                }
            }
        }
        return [
            perPlan("stash_backup_session_success", "1 when the last finished backup session succeeded, else 0.") {
                $0?.lastFinished.map { $0.phase == .succeeded ? 1 : 0 }
            },
            perPlan("stash_backup_session_duration_seconds", "How long the last finished backup session took.") {
                $0?.lastFinished?.duration?.seconds
            },
            perPlan("stash_backup_last_success_time_seconds", "When the last successful backup ended, 0 for never.") {
                $0?.lastSuccess?.finishedAt?.secondsSinceEpoch ?? 0
            },
            perPlan("stash_backup_last_attempt_time_seconds", "When the last finished backup session was asked for.") {
                $0?.lastFinished?.createdAt.secondsSinceEpoch
            },
            perPlan("stash_backup_consecutive_failures", "Failed backup sessions since the last success.") {
                Double($0?.consecutiveFailures ?? 0)
            },
            perPlan("stash_backup_documents", "Documents stored by the last finished backup session.") {
                $0?.lastFinished.map { Double($0.documents) }
            },
            perPlan("stash_backup_bytes_read", "Bytes of documents read by the last finished backup session.") {
                $0?.lastFinished.map { Double($0.bytes) }
            },
            perPlan("stash_backup_bytes_stored", "Bytes stored in the repository by the last finished backup session.") {
                $0?.lastFinished.map { Double($0.storedBytes) }
            },
            overdueFamily(), resultFamily(),
        ]
    }

    private var backupSummaries: [Key: Ledger.InvokerSummary] {
        Dictionary(
            summaries.filter { $0.invoker.kind == "BackupConfiguration" }.map { (Key($0.namespace, $0.invoker.name), $0) },
            uniquingKeysWith: { first, _ in first })
    }

    private func overdueFamily() -> MetricFamily {
        let known = backupSummaries
        return family(
            "stash_backup_overdue",
            "1 when the last success is older than the schedule allows, as the alert BackupOverdue has it."
        ) {
            configurations.compactMap { one in
                let success = known[Key(one.namespace, one.name)]?.lastSuccess?.finishedAt
                return one.isOverdue(lastSuccess: success, at: lastTick).map { (Self.labels(of: one), $0 ? 1 : 0) }
            }
        }
    }

    private func resultFamily() -> MetricFamily {
        let known = backupSummaries
        return family("stash_backup_indices", "Indices of the last finished backup session: all documents stored, some, none.") {
            configurations.flatMap { one -> [Series] in
                guard let session = known[Key(one.namespace, one.name)]?.lastFinished,
                    let results = surroundings.results[session.id]
                else { return [] }
                return [("ok", results.ok), ("partial", results.partial), ("failed", results.failed)].map { result, count in
                    (Self.labels(of: one) + [("result", result)], Double(count))
                }
            }
        }
    }

    private func restoreFamilies() -> [MetricFamily] {
        let since = lastTick - Self.restoreWindow
        let restores = summaries.filter { $0.invoker.kind == "RestoreSession" }.compactMap { summary in
            summary.lastFinished.flatMap { ($0.finishedAt ?? $0.createdAt) >= since ? $0 : nil }
        }
        return [
            family("stash_restore_session_success", "1 when the restore succeeded, else 0; shown for 7 days.") {
                restores.map { (Self.labels(of: $0), $0.phase == .succeeded ? 1 : 0) }
            },
            family("stash_restore_session_duration_seconds", "How long the restore took; shown for 7 days.") {
                restores.compactMap { one in one.duration.map { (Self.labels(of: one), $0.seconds) } }
            },
        ]
    }

    private func activeFamilies() -> [MetricFamily] {
        // Stray progress of a session that was never described has no labels to stand under.
        let active = activeSessions.filter { $0.identity != nil }
        let labels = { (one: LedgerSession) in Self.labels(of: one) + [("session", one.id)] }
        return [
            family("stash_session_running", "1 while a session runs, 0 while it waits for a worker.") {
                active.map { (labels($0), $0.phase == .running ? 1 : 0) }
            },
            family("stash_session_last_progress_time_seconds", "When a worker last reported on an unfinished session.") {
                active.compactMap { one in one.lastProgressAt.map { (labels(one), $0.secondsSinceEpoch) } }
            },
            family("stash_session_phase", "1 for the phase that an unfinished session is in, 0 for the other.") {
                active.flatMap { one in
                    [Phase.pending, .running].map { phase in
                        (labels(one) + [("phase", phase.rawValue)], one.phase == phase ? 1 : 0)
                    }
                }
            },
            family("stash_session_deadline_time_seconds", "When an unfinished session is given up, if it began at once.") {
                active.compactMap { one in one.deadline.map { (labels(one), $0.secondsSinceEpoch) } }
            },
            family(
                "stash_session_queue_wait_seconds", "How long an unfinished session waited for a worker, or has waited so far."
            ) {
                active.map { (labels($0), max(0, (($0.startedAt ?? lastTick) - ($0.publishedAt ?? $0.createdAt)).seconds)) }
            },
            family("stash_session_waits_for_target", "1 while a session waits because its target is another's, else 0.") {
                active.map { (labels($0), $0.isWaitingForTarget ? 1 : 0) }
            },
            family("stash_session_bytes", "Bytes of documents that an unfinished session has read, or loaded.") {
                active.map { (labels($0), Double($0.bytes)) }
            },
            family("stash_session_documents", "Documents of an unfinished session: done so far, and in all.") {
                active.flatMap { one in
                    [("done", one.documents), ("total", one.totalDocuments)].map { state, count in
                        (labels(one) + [("state", state)], Double(count))
                    }
                }
            },
        ]
    }

    private struct Key: Hashable {
        let namespace: String
        let name: String

        init(_ namespace: String, _ name: String) {
            self.namespace = namespace
            self.name = name
        }
    }

    private static func labels(of one: Configuration) -> MetricsRegistry.Labels {
        [
            ("invoker_kind", "BackupConfiguration"), ("invoker_name", one.name), ("namespace", one.namespace),
            ("repository", one.repository),
        ]
    }

    private static func labels(of session: LedgerSession) -> MetricsRegistry.Labels {
        [
            ("invoker_kind", session.identity?.invoker.kind ?? ""), ("invoker_name", session.identity?.invoker.name ?? ""),
            ("namespace", session.identity?.namespace ?? ""), ("repository", session.identity?.repository ?? ""),
        ]
    }
}
