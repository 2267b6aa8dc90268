import Messages
import Runtime

/// Workers, Repositories and pushes on the Scheduler's page.
extension SchedulerMetrics {
    /// Three heartbeats: a worker that was not heard for so long is down.
    package static let workerLimit = Duration.seconds(90)

    func workerFamilies() -> [MetricFamily] {
        func perWorker(_ name: String, _ help: String, _ value: (Ledger.HeardWorker) -> Double) -> MetricFamily {
            family(name, help) {
                surroundings.workers.filter { lastTick - $0.at < Ledger.workerMemory }.map {
                    ([("worker", $0.heartbeat.worker), ("version", $0.heartbeat.version)], value($0))
                }
            }
        }
        return [
            perWorker("stash_worker_up", "1 while the worker was heard within 90 s, else 0; gone after a day.") {
                lastTick - $0.at < Self.workerLimit ? 1 : 0
            },
            perWorker("stash_worker_last_heartbeat_time_seconds", "When the worker was last heard.") {
                $0.at.secondsSinceEpoch
            },
            perWorker("stash_worker_start_time_seconds", "When the worker began to consume.") {
                $0.heartbeat.startedAt.secondsSinceEpoch
            },
            perWorker("stash_worker_slots", "Units that the worker takes at once at most.") { Double($0.heartbeat.slots) },
            perWorker("stash_worker_busy", "Units that the worker had in hand at its last heartbeat.") {
                Double($0.heartbeat.busy)
            },
        ]
    }

    /// Repositories that a loaded plan names: one that no plan uses any more should not alert.
    func repositoryFamilies() -> [MetricFamily] {
        let used = Set(configurations.map { [$0.repositoryNamespace ?? $0.namespace, $0.repository] })
        let known = surroundings.repositories.filter { used.contains([$0.namespace, $0.name]) }
        func perRepository(_ name: String, _ help: String, _ value: (Ledger.KnownRepository) -> Double?) -> MetricFamily {
            family(name, help) {
                known.compactMap { one in value(one).map { ([("namespace", one.namespace), ("repository", one.name)], $0) } }
            }
        }
        return [
            perRepository("stash_repository_up", "1 when the last backup could reach the repository, else 0.") {
                $0.isUp ? 1 : 0
            },
            perRepository("stash_repository_last_check_time_seconds", "When a worker last reached the repository, or failed to.")
            {
                $0.checkedAt.secondsSinceEpoch
            },
            perRepository(
                "stash_repository_integrity", "1 when all was whole by the last verification, else 0; absent without one."
            ) {
                $0.event?.status.integrity.map { $0 ? 1 : 0 }
            },
            perRepository("stash_repository_size_bytes", "Bytes stored of all snapshots.") {
                ($0.event?.status.size).map(Double.init)
            },
            perRepository("stash_repository_snapshot_count", "Snapshots that can be restored.") {
                ($0.event?.status.snapshotCount).map(Double.init)
            },
            perRepository(
                "stash_repository_snapshot_cleaned", "Snapshots that the last retention which forgot any has forgotten."
            ) {
                ($0.event?.status.snapshotsRemovedOnLastCleanup).map(Double.init)
            },
            perRepository("stash_repository_oldest_restore_point_time_seconds", "When the oldest snapshot was begun.") {
                $0.event?.status.firstBackupTime?.secondsSinceEpoch
            },
            perRepository("stash_repository_newest_restore_point_time_seconds", "When the newest snapshot was begun.") {
                $0.event?.status.lastBackupTime?.secondsSinceEpoch
            },
        ]
    }

    /// Of Repositories that a loaded plan names, while they are read and after.
    func rebuildFamily() -> MetricFamily {
        let used = Set(configurations.map { [$0.repositoryNamespace ?? $0.namespace, $0.repository] })
        let readings = rebuild.readings.values.filter { used.contains([$0.namespace, $0.name]) }
            .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
        return family(
            "sheaf_ledger_rebuilding",
            "1 while sessions that the repository remembers may be missing here, so that a last success may be, too; else 0."
        ) {
            readings.map { ([("namespace", $0.namespace), ("repository", $0.name)], $0.isOpen ? 1 : 0) }
        }
    }

    func pushFamily() -> MetricFamily {
        MetricFamily(
            name: "stash_metrics_pushes_total", help: "Attempts to push to the Pushgateway, by how they ended.", kind: .counter,
            samples: PushResult.allCases.map {
                MetricFamily.Sample(labels: [("result", $0.rawValue)], value: Double(surroundings.pushes[$0] ?? 0))
            })
    }
}
