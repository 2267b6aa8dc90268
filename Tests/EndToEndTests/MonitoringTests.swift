import Foundation
import Glibc
import HTTP
import Messages
import Runtime
import Scheduler
import Testing

extension EndToEnd {
    /// What people see of Sheaf from outside: the Scheduler's page, and a real Pushgateway.
    @Suite struct MonitoringTests {
        private static let gateway = "/usr/bin/prometheus-pushgateway"

        @Test(.requires(.defaultEngine), .requiresInstalled(gateway), .timeLimit(.minutes(4)))
        func thePageAndThePushgatewayTellOfBackupsAndNothingDependsOnThem() async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 300, filling: 300, shards: 2)
                    try site.declare(.defaultEngine)
                    // Once a year, when no test runs: what the page says of a schedule is to last.
                    try site.declarePlan("nightly", indices: index, schedule: "59 23 31 12 *")
                    let (gateway, url) = try await startGateway(site, port: 0)
                    var scheduler = try await site.startScheduler(arguments: ["--pushgateway", url])
                    try await site.startWorker("one")
                    #expect(try await site.backup("nightly").session.phase == "Succeeded")

                    let job = #"job="backupconfiguration-default-nightly""#
                    let pushed = try await page(url, "the pushed metrics of backup and Repository") { lines in
                        lines.contains {
                            $0.hasPrefix("stash_backup_host_backup_success{") && $0.contains(job) && $0.hasSuffix(" 1")
                        }
                            && lines.contains {
                                $0.hasPrefix("stash_appscode_com_repository_snapshot_count{") && $0.contains(job)
                            }
                    }
                    for name in [
                        "stash_appscode_com_backupsession_success", "stash_backup_last_success_time_seconds",
                        "stash_backup_host_data_size_bytes", "stash_repository_size_bytes",
                    ] { #expect(pushed.contains { $0.hasPrefix("\(name){") && $0.contains(job) }, "\(name) is missing") }

                    let api = try await site.api(of: scheduler)
                    var lines = try await page(api.url, token: api.token, "worker, queues, Repository and pushes on the page") {
                        lines in
                        lines.contains { $0.hasPrefix("stash_worker_up{") && $0.contains("worker=\"one\"") && $0.hasSuffix(" 1") }
                            && lines.contains("stash_queue_consumers{queue=\"sheaf.unit.backup\"} 1")
                            && lines.contains { $0.hasPrefix("stash_repository_snapshot_count{") && $0.hasSuffix(" 1") }
                            && lines.contains("stash_metrics_pushes_total{result=\"pushed\"} 2")
                    }
                    #expect(lines.contains { $0.hasPrefix("stash_repository_up{") && $0.hasSuffix(" 1") })
                    #expect(lines.contains { $0.hasPrefix("stash_backup_documents{") && $0.hasSuffix(" 300") })

                    // Without the gateway backups go on, and the page says that pushes do not.
                    gateway.send(signal: SIGTERM)
                    try await gateway.exit(within: .seconds(20))
                    let second = try await site.backup("nightly")
                    #expect(try second.session.phase == "Succeeded")
                    lines = try await page(api.url, token: api.token, "the failed push and both snapshots") { lines in
                        lines.contains {
                            $0.hasPrefix("stash_metrics_pushes_total{result=\"failed\"}") && !$0.hasSuffix(" 0")
                        } && lines.contains { $0.hasPrefix("stash_repository_snapshot_count{") && $0.hasSuffix(" 2") }
                    }
                    let ledger = try Ledger(path: "\(site.stateFolder(of: "scheduler"))/ledger.sqlite")
                    var session = try #require(try await ledger.sessions(limit: 1).first)
                    let condition = try #require(session.conditions.first { $0.type == "MetricsPushed" })
                    #expect(session.phase == .succeeded && condition.status == "False", "\(condition)")

                    // A Scheduler that was killed says the same.
                    try await scheduler.kill()
                    let (_, again) = try await startGateway(site, port: try #require(Int(url.split(separator: ":").last ?? "")))
                    scheduler = try await site.startScheduler(arguments: ["--pushgateway", again])
                    let after = try await page(
                        try await site.api(of: scheduler).url, token: api.token, "the page after a restart"
                    ) { lines in
                        lines.contains("stash_metrics_pushes_total{result=\"pushed\"} 4")
                    }
                    #expect(lasting(lines) == lasting(after))
                    #expect(lasting(after).count > 20)
                    for name in ["stash_backup_next_run_time_seconds", "stash_backup_expected_interval_seconds"] {
                        #expect(lasting(after).contains { $0.hasPrefix("\(name){") }, "\(name) is missing")
                    }
                    session = try #require(try await ledger.sessions(limit: 1).first)
                    #expect(session.conditions.first { $0.type == "MetricsPushed" }?.status == "True")

                    // What is gone from the resources is gone from both.
                    try FileManager.default.removeItem(atPath: "\(site.schedulerResources)/plan-nightly.json")
                    _ = try await page(again, "the group's end") { lines in !lines.contains { $0.contains(job) } }
                }
            }
        }

        private func startGateway(_ site: Site, port: Int) async throws -> (process: ChildProcess, url: String) {
            // Debian's keeps groups in /var/lib/prometheus unless told not to.
            let process = try await site.startProgram(
                "pushgateway", [Self.gateway, "--persistence.file=", "--web.listen-address=127.0.0.1:\(port)"])
            let line = try await process.log.first("the Pushgateway's address", within: .seconds(30)) {
                $0.contains("Listening on")
            }
            let address = try #require(line.firstMatch(of: /address=(\S+)/)?.output.1)
            return (process, "http://\(address)")
        }

        /// Reads a page until it is as wanted.
        private func page(
            _ url: String, token: String? = nil, _ what: String, where isWanted: ([String]) -> Bool
        ) async throws -> [String] {
            let client = try HTTPClient()
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                var request = HTTPRequest(url: url + "/metrics")
                if let token { request.headers["Authorization"] = "Bearer \(token)" }
                let response = try client.send(request)
                let lines = String(decoding: response.body, as: UTF8.self).split(separator: "\n").map(String.init)
                if isWanted(lines) { return lines }
                try #require(.now < deadline, "\(what) did not come: \(lines.filter { !$0.hasPrefix("#") })")
                await Task.yield()
            }
        }

        /// Values that no clock, heartbeat, queue or push changes.
        private func lasting(_ lines: [String]) -> [String] {
            lines.filter { line in
                [
                    "stash_backup", "stash_repository", "stash_worker_slots", "stash_worker_start", "stash_worker_up",
                    "stash_build",
                ]
                .contains { line.hasPrefix($0) }
            }
        }
    }
}
