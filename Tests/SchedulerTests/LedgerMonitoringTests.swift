import Foundation
import Messages
import Runtime
import Testing

@testable import AMQP
@testable import Scheduler

/// Workers and Repositories in the ledger, and what the page makes of them.
@Suite struct LedgerMonitoringTests {
    private let start: Timestamp

    init() throws { start = try moment("2026-11-23T02:00:00Z") }

    private func heartbeat(_ worker: String, busy: Int = 1, at time: Timestamp) -> WorkerHeartbeat {
        WorkerHeartbeat(worker: worker, version: "0.1.0", slots: 4, busy: busy, startedAt: start, time: time)
    }

    private func page(of ledger: Ledger, at time: Timestamp, repositoryNamespace: String? = nil) async throws -> [String] {
        let plan = SchedulerMetrics.Configuration(
            namespace: "demo", name: "nightly", repository: "minio", isPaused: false, knownSince: start,
            expectedInterval: .seconds(3600), nextRun: nil, repositoryNamespace: repositoryNamespace)
        let summaries = try await ledger.summaries()
        let metrics = SchedulerMetrics(
            configurations: [plan], summaries: summaries, activeSessions: try await ledger.sessions(limit: 10), lastTick: time,
            version: "0.1.0", surroundings: try await ledger.surroundings(of: summaries.compactMap(\.lastFinished), at: time))
        return metrics.families().exposition.split(separator: "\n").map(String.init)
    }

    @Test func aWorkerIsUpForNinetySecondsAndKnownForADay() async throws {
        let ledger = try Ledger(path: ":memory:")
        try await ledger.save(heartbeat("w1", at: start), now: start)
        try await ledger.save(heartbeat("w2", busy: 3, at: start + 60), now: start + 60)
        // Late ones change nothing.
        try await ledger.save(heartbeat("w2", busy: 0, at: start + 30), now: start + 61)
        let labels = { (worker: String) in "{version=\"0.1.0\",worker=\"\(worker)\"}" }
        var lines = try await page(of: ledger, at: start + 90)
        #expect(lines.contains("stash_worker_up\(labels("w1")) 0") && lines.contains("stash_worker_up\(labels("w2")) 1"))
        #expect(lines.contains("stash_worker_busy\(labels("w2")) 3") && lines.contains("stash_worker_slots\(labels("w2")) 4"))
        #expect(lines.contains("stash_worker_last_heartbeat_time_seconds\(labels("w1")) 1795399200"))
        lines = try await page(of: ledger, at: start + 86_400)
        #expect(!lines.contains { $0.hasPrefix("stash_worker_up\(labels("w1"))") })
        #expect(lines.contains("stash_worker_up\(labels("w2")) 0"))
        try await ledger.save(heartbeat("w3", at: start + 90_000), now: start + 90_000)
        #expect(try await ledger.surroundings(of: [], at: start + 90_000).workers.map(\.heartbeat.worker) == ["w3"])
    }

    @Test func aWorkersClockDecidesNothing() async throws {
        let ledger = try Ledger(path: ":memory:")
        func isUp(_ worker: String, at time: Timestamp) async throws -> Bool {
            try await page(of: ledger, at: time).contains("stash_worker_up{version=\"0.1.0\",worker=\"\(worker)\"} 1")
        }
        // An hour behind, and a day ahead until it is set right.
        try await ledger.save(heartbeat("behind", at: start - 3_600), now: start)
        try await ledger.save(heartbeat("ahead", at: start + 86_400), now: start)
        #expect(try await isUp("behind", at: start + 60))
        try await ledger.save(heartbeat("ahead", at: start + 30), now: start + 30)
        #expect(try await isUp("ahead", at: start + 119))
        #expect(try await !isUp("ahead", at: start + 120))
        // Set back by an hour: heard again after a minute.
        try await ledger.save(heartbeat("ahead", at: start - 3_540), now: start + 60)
        try await ledger.save(heartbeat("ahead", busy: 2, at: start - 3_480), now: start + 120)
        #expect(try await isUp("ahead", at: start + 150))
        #expect(try await page(of: ledger, at: start + 150).contains("stash_worker_busy{version=\"0.1.0\",worker=\"ahead\"} 2"))
    }

    @Test func outsidersCannotFillTheTableOfWorkers() async throws {
        let ledger = try Ledger(path: ":memory:")
        for number in 0...Ledger.workerLimit { try await ledger.save(heartbeat("w\(number)", at: start), now: start) }
        try await ledger.save(heartbeat("w0", busy: 2, at: start + 30), now: start + 30)
        let workers = try await ledger.surroundings(of: [], at: start + 30).workers
        #expect(workers.count == Ledger.workerLimit)
        #expect(workers.first { $0.heartbeat.worker == "w0" }?.heartbeat.busy == 2)
    }

    @Test func aRepositoryIsToldByItsEventsAndByTheEndsOfBackups() async throws {
        let folder = try TemporaryFolder()
        let ledger = try Ledger(path: folder.path + "/ledger.sqlite")
        try await ledger.save(try PushSamples.repositoryEvent(at: start, integrity: nil), session: "a")
        let series = { (name: String) in "stash_repository_\(name){namespace=\"demo\",repository=\"minio\"}" }
        var lines = try await page(of: ledger, at: start + 10)
        #expect(lines.contains("\(series("up")) 1") && lines.contains("\(series("last_check_time_seconds")) 1795399200"))
        #expect(lines.contains("\(series("size_bytes")) 4096") && lines.contains("\(series("snapshot_count")) 7"))
        #expect(lines.contains("\(series("snapshot_cleaned")) 2"))
        #expect(!lines.contains { $0.hasPrefix(series("integrity")) })

        // The plan of that name uses another namespace's Repository.
        #expect(try await !page(of: ledger, at: start + 10, repositoryNamespace: "store").contains { $0.hasPrefix(series("up")) })

        let script = SessionScript(id: "b", start: start + 3_600)
        let command = try PushSamples.command(script)
        let event = CloudEvent(
            id: "b", source: "/s", type: .backupSession, subject: "b", time: script.start, data: command)
        try await ledger.apply([
            LedgerEvent(request: command, message: try MessageCoding.encode(event), publishedAt: command.requestedAt)
        ])
        let lost = StatusEvent(of: command, phase: .failed, source: .unrecorded, finishedAt: start + 3_700)
        try await ledger.noteCheck(byEndOf: lost)
        try await ledger.save(try PushSamples.repositoryEvent(at: start + 20, integrity: false), session: "a")
        lines = try await page(of: ledger, at: start + 3_800)
        #expect(lines.contains("\(series("up")) 0") && lines.contains("\(series("last_check_time_seconds")) 1795402900"))
        #expect(lines.contains("\(series("integrity")) 0"))

        // A restart changes nothing.
        #expect(try await page(of: Ledger(path: folder.path + "/ledger.sqlite"), at: start + 3_800) == lines)

        // What the Scheduler guesses by its clock says nothing of the Repository; a journal that was written does.
        let guess = StatusEvent(of: command, phase: .failed, source: .scheduler, finishedAt: start + 3_900)
        try await ledger.noteCheck(byEndOf: guess)
        #expect(try await page(of: ledger, at: start + 3_900).contains("\(series("up")) 0"))
        let end = StatusEvent(of: command, phase: .failed, source: .final, finishedAt: start + 4_000)
        try await ledger.noteCheck(byEndOf: end)
        #expect(try await page(of: ledger, at: start + 4_000).contains("\(series("up")) 1"))
        // A session that expired was not looked for there.
        let expiry = Condition(type: "Expired", reason: "Expired", message: "", lastTransitionTime: start)
        let expired = StatusEvent(
            of: command, phase: .failed, source: .unrecorded, finishedAt: start + 4_100, conditions: [expiry])
        try await ledger.noteCheck(byEndOf: expired)
        #expect(try await page(of: ledger, at: start + 4_100).contains("\(series("up")) 1"))
    }

    @Test func indicesAreCountedByHowTheyEnded() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", start: start)
        let indices = [("a", 10, 10), ("b", 3, 10), ("c", 0, 10), ("d", 0, 0)].map {
            LedgerIndex(name: $0.0, documents: $0.1, totalDocuments: $0.2, bytes: 0, storedBytes: 0)
        }
        try await ledger.apply([
            script.event(
                after: 60,
                .status(
                    .init(
                        identity: script.identity, phase: .failed, source: .final, requestedAt: start, finishedAt: start + 60,
                        indices: indices)))
        ])
        let lines = try await page(of: ledger, at: start + 70)
        let labels = "invoker_kind=\"BackupConfiguration\",invoker_name=\"nightly\",namespace=\"demo\",repository=\"minio\""
        for (result, count) in [("ok", 2), ("partial", 1), ("failed", 1)] {
            #expect(lines.contains("stash_backup_indices{\(labels),result=\"\(result)\"} \(count)"))
        }
        #expect(lines.contains("stash_backup_overdue{\(labels)} 0"))
        #expect(try await page(of: ledger, at: start + 4_801).contains("stash_backup_overdue{\(labels)} 1"))
    }

    @Test func aSessionThatWaitsSaysSinceWhen() async throws {
        let ledger = try Ledger(path: ":memory:")
        let (waiting, running) = (SessionScript(id: "w", start: start), SessionScript(id: "r", start: start + 10))
        try await ledger.apply([waiting.request(), running.request(), running.running(after: 7)])
        let lines = try await page(of: ledger, at: start + 700)
        let labels = "invoker_kind=\"BackupConfiguration\",invoker_name=\"nightly\",namespace=\"demo\""
        for expected in [
            "stash_session_queue_wait_seconds{\(labels),repository=\"minio\",session=\"w\"} 700",
            "stash_session_queue_wait_seconds{\(labels),repository=\"minio\",session=\"r\"} 7",
            "stash_session_phase{\(labels),phase=\"Pending\",repository=\"minio\",session=\"w\"} 1",
            "stash_session_phase{\(labels),phase=\"Running\",repository=\"minio\",session=\"w\"} 0",
            "stash_session_phase{\(labels),phase=\"Running\",repository=\"minio\",session=\"r\"} 1",
            "stash_session_deadline_time_seconds{\(labels),repository=\"minio\",session=\"w\"} 1795402800",
        ] { #expect(lines.contains(expected), "\(expected) is missing of \(lines.filter { $0.hasPrefix("stash_session") })") }
    }

    @Test(.enabled(if: ReferenceImplementation.hasCommand("promtool"), "apt-get install prometheus to run"))
    func prometheusFindsNothingButOneOfStashsNamesToComplainAbout() async throws {
        let ledger = try Ledger(path: ":memory:")
        try await ledger.save(heartbeat("we\"ird\\name\n", at: start), now: start)
        try await ledger.save(try PushSamples.repositoryEvent(at: start), session: nil)
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([script.request(), script.running(), script.end(after: 60, .succeeded, documents: 3)])
        let session = try #require(try await ledger.session("a"))
        try await ledger.notePush(of: session, .pushed, error: nil, at: start)
        let lines = try await page(of: ledger, at: start + 70)
        #expect(lines.contains("stash_metrics_pushes_total{result=\"pushed\"} 1"))
        #expect(lines.contains("stash_metrics_pushes_total{result=\"failed\"} 0"))
        let queues = QueueWatch.families([.init(name: "sheaf.dead", messages: 2, consumers: 0)]).exposition
        #expect(queues.contains("\nstash_queue_messages_ready{queue=\"sheaf.dead\"} 2\n"))
        let (status, output) = try ReferenceImplementation.run(
            ["promtool", "check", "metrics"], input: lines.joined(separator: "\n") + "\n" + queues)
        // Stash's name, which it had before there was such a rule.
        let known = "stash_repository_snapshot_count non-histogram and non-summary metrics should not have \"_count\" suffix"
        #expect(output.split(separator: "\n") == [Substring(known)], "\(status): \(output)")
    }

    /// Only what is remembered of sessions goes with them.
    @Test func aSessionThatIsForgottenTakesItsPushAlong() async throws {
        let ledger = try Ledger(path: ":memory:")
        for (number, id) in ["a", "b"].enumerated() {
            let script = SessionScript(id: id, start: start + Double(number) * 100)
            try await ledger.apply([script.request(), script.end(after: 60, .succeeded)])
            let session = try #require(try await ledger.session(id))
            try await ledger.notePush(of: session, .pushed, error: nil, at: start + 300)
        }
        try await ledger.prune(before: start + 86_400, keepingNewest: 1)
        #expect(try await ledger.pushCondition(of: "a") == nil)
        #expect(try await ledger.pushCondition(of: "b")?.status == "True")
        #expect(try await ledger.pushResults() == [.pushed: 2])
    }
}
