import Messages
import Runtime
import Testing

@testable import Scheduler

@Suite struct SchedulerMetricsTests {
    private let start: Timestamp

    init() throws { start = try moment("2026-11-23T02:00:00Z") }

    private func configuration(_ name: String, isPaused: Bool = false) -> SchedulerMetrics.Configuration {
        SchedulerMetrics.Configuration(
            namespace: "demo", name: name, repository: "minio", isPaused: isPaused, knownSince: start - 100,
            expectedInterval: .seconds(86_400), nextRun: start + 86_400)
    }

    private func exposition(
        of ledger: Ledger, _ configurations: [SchedulerMetrics.Configuration], at time: Timestamp
    ) async throws -> [String] {
        var filter = Ledger.Filter()
        filter.phases = [.pending, .running]
        let metrics = SchedulerMetrics(
            configurations: configurations, summaries: try await ledger.summaries(),
            activeSessions: try await ledger.sessions(limit: 100, filter: filter), lastTick: time, version: "0.1.0")
        let registry = MetricsRegistry()
        for family in metrics.families() { registry.replace(family) }
        return registry.exposition().split(separator: "\n").map(String.init)
    }

    private let nightly = "invoker_kind=\"BackupConfiguration\",invoker_name=\"nightly\",namespace=\"demo\",repository=\"minio\""

    @Test func aPlanThatNeverRanIsVisibleAndNotSuccessful() async throws {
        let lines = try await exposition(of: Ledger(path: ":memory:"), [configuration("nightly")], at: start)
        #expect(lines.contains("stash_backup_last_success_time_seconds{\(nightly)} 0"))
        #expect(lines.contains("stash_backup_consecutive_failures{\(nightly)} 0"))
        #expect(lines.contains("stash_backup_expected_interval_seconds{\(nightly)} 86400"))
        #expect(lines.contains("stash_backupconfiguration_created{\(nightly)} 1795399100"))
        #expect(lines.contains("stash_backup_next_run_time_seconds{\(nightly)} 1795485600"))
        #expect(lines.contains("stash_scheduler_last_tick_time_seconds 1795399200"))
        #expect(lines.contains("stash_build_info{version=\"0.1.0\"} 1"))
        #expect(!lines.contains { $0.hasPrefix("stash_backup_session_success{") })
    }

    @Test func gaugesComeFromTheLedgerAloneAndSurviveARestart() async throws {
        let folder = try TemporaryFolder()
        let first = try Ledger(path: folder.path + "/ledger.db")
        let good = SessionScript(id: "good", start: start)
        let bad = SessionScript(id: "bad", start: start + 86_400)
        let busy = SessionScript(id: "busy", start: start + 2 * 86_400)
        try await first.apply([good.request(), good.end(after: 65, .succeeded, documents: 100)])
        try await first.apply([bad.request(), bad.end(after: 35, .failed, error: "401", documents: 10)])
        try await first.apply([busy.request(), busy.running(), busy.part(after: 10, documents: 40)])
        let time = start + 3 * 86_400
        let lines = try await exposition(of: first, [configuration("nightly")], at: time)
        for expected in [
            "stash_backup_session_success{\(nightly)} 0", "stash_backup_session_duration_seconds{\(nightly)} 30",
            "stash_backup_last_success_time_seconds{\(nightly)} 1795399265",
            "stash_backup_last_attempt_time_seconds{\(nightly)} 1795485600",
            "stash_backup_consecutive_failures{\(nightly)} 1", "stash_backup_documents{\(nightly)} 10",
            "stash_backup_bytes_read{\(nightly)} 3000", "stash_backup_bytes_stored{\(nightly)} 500",
            "stash_session_running{\(nightly),session=\"busy\"} 1",
            "stash_session_last_progress_time_seconds{\(nightly),session=\"busy\"} 1795572010",
            "stash_session_documents{\(nightly),session=\"busy\",state=\"done\"} 40",
            "stash_session_documents{\(nightly),session=\"busy\",state=\"total\"} 100",
        ] {
            #expect(lines.contains(expected), "\(expected) is missing")
        }
        let second = try Ledger(path: folder.path + "/ledger.db")
        #expect(try await exposition(of: second, [configuration("nightly")], at: time) == lines)
    }

    /// The alert on workers leaves it out; afterwards its wait for a worker begins.
    @Test func aSessionThatWaitsForItsTargetSaysSo() async throws {
        let ledger = try Ledger(path: ":memory:")
        let (waits, published) = (SessionScript(id: "waits", start: start), SessionScript(id: "published", start: start))
        try await ledger.apply([waits.request(), published.request()])
        try await ledger.apply([
            published.event(after: 0, .request(.init(identity: published.identity, message: [1], publishedAt: start + 600)))
        ])
        let lines = try await exposition(of: ledger, [configuration("nightly")], at: start + 660)
        for expected in [
            "stash_session_waits_for_target{\(nightly),session=\"waits\"} 1",
            "stash_session_waits_for_target{\(nightly),session=\"published\"} 0",
            "stash_session_queue_wait_seconds{\(nightly),session=\"published\"} 60",
        ] { #expect(lines.contains(expected), "\(expected) is missing of \(lines.filter { $0.hasPrefix("stash_session") })") }
    }

    @Test func whatIsGoneFromTheResourcesIsGoneFromThePage() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([script.request(), script.end(after: 65, .failed)])
        let lines = try await exposition(of: ledger, [], at: start)
        #expect(!lines.contains { $0.contains("nightly") })
    }

    @Test func aPausedPlanHasNoNextRun() async throws {
        let lines = try await exposition(of: Ledger(path: ":memory:"), [configuration("nightly", isPaused: true)], at: start)
        #expect(lines.contains("stash_backupconfiguration_paused{\(nightly)} 1"))
        #expect(!lines.contains { $0.hasPrefix("stash_backup_next_run_time_seconds{") })
    }

    @Test func aRestoreIsShownForAWeek() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", invoker: "back", kind: .restore, start: start)
        try await ledger.apply([script.request(), script.end(after: 65, .failed)])
        let series = "stash_restore_session_success{invoker_kind=\"RestoreSession\",invoker_name=\"back\","
        #expect(try await exposition(of: ledger, [], at: start + 7 * 86_400).contains { $0.hasPrefix(series) })
        #expect(try await !exposition(of: ledger, [], at: start + 8 * 86_400).contains { $0.hasPrefix(series) })
    }

    @Test(.enabled(if: ReferenceImplementation.hasCommand("promtool"), "apt-get install prometheus to run"))
    func prometheusFindsNothingToComplainAbout() async throws {
        let ledger = try Ledger(path: ":memory:")
        for (number, kind) in [SessionKind.backup, .restore, .backup].enumerated() {
            let script = SessionScript(id: "s\(number)", invoker: "we\"ird\\name", kind: kind, start: start)
            try await ledger.apply([script.request(), script.running(), script.part(after: 9, documents: 3)])
            if number < 2 { try await ledger.apply([script.end(after: 65, .succeeded, documents: 9)]) }
        }
        let lines = try await exposition(of: ledger, [configuration("we\"ird\\name"), configuration("b")], at: start)
        #expect(lines.count > 50)
        let (status, output) = try ReferenceImplementation.run(
            ["promtool", "check", "metrics"], input: lines.joined(separator: "\n") + "\n")
        #expect(status == 0 && output.isEmpty, "\(output)")
    }
}
