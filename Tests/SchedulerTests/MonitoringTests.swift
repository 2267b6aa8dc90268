import Foundation
import Runtime
import Testing

@testable import Scheduler

/// Rules, dashboards and runbooks speak of the page that there is.
@Suite struct MonitoringTests {
    private static let rules = "compose/prometheus/rules/sheaf.yml"
    private static let dashboards = "compose/grafana/dashboards"

    private struct Alert {
        var name: String
        var text: String
    }

    private func alerts() throws -> [Alert] {
        try MonitoringFiles.text(Self.rules).split(separator: "- alert: ").dropFirst().map { part in
            Alert(name: String(part.prefix { $0 != "\n" }), text: String(part))
        }
    }

    @Test func everyAlertIsOfMetricsThatExistAndHasARunbook() throws {
        let families = try MonitoringFiles.families()
        let document = try MonitoringFiles.text("docs/monitoring.md")
        let alerts = try alerts()
        #expect(alerts.count == 18)
        for alert in alerts {
            let used = MonitoringFiles.metrics(in: alert.text)
            #expect(!used.isEmpty && used.isSubset(of: families), "\(alert.name) is of \(used.subtracting(families))")
            #expect(alert.text.contains("summary: ") && alert.text.contains("description: ") && alert.text.contains("severity: "))
            #expect(alert.text.contains("runbook_url: docs/monitoring.md#\(alert.name.lowercased())\n"), "\(alert.name)")
            #expect(document.contains("\n### \(alert.name)\n"), "docs/monitoring.md has no section \(alert.name)")
        }
    }

    @Test func everyAlertIsTestedFiringAndQuiet() throws {
        let tests = try MonitoringFiles.names(in: "compose/prometheus/tests").map {
            try MonitoringFiles.text("compose/prometheus/tests/\($0)")
        }.joined()
        // One test has all series as they should be and counts every alert; the others name those that fire.
        let parts = tests.split(separator: "  - name: ").map(String.init)
        let healthy = try #require(parts.first { $0.hasPrefix("a healthy plan is quiet") })
        #expect(healthy.contains("count(ALERTS) or vector(0)"))
        for alert in try alerts() {
            let used = MonitoringFiles.metrics(
                in: alert.text.prefix(upTo: alert.text.range(of: "labels:")?.lowerBound ?? alert.text.endIndex))
            #expect(
                !used.isEmpty && used.isSubset(of: MonitoringFiles.metrics(in: healthy)), "\(alert.name) is not tested for quiet")
            #expect(parts.contains { $0 != healthy && $0.contains(alert.name) }, "\(alert.name) is not tested for firing")
        }
    }

    @Test(.enabled(if: ReferenceImplementation.hasCommand("promtool"), "apt-get install prometheus to run"))
    func promtoolRunsTheRulesTests() throws {
        let files = try MonitoringFiles.names(in: "compose/prometheus/tests").map {
            "\(MonitoringFiles.root)/compose/prometheus/tests/\($0)"
        }
        #expect(!files.isEmpty)
        let (status, output) = try ReferenceImplementation.run(["promtool", "test", "rules"] + files, input: "")
        #expect(status == 0, "\(output)")
        let checked = try ReferenceImplementation.run(
            ["promtool", "check", "rules", "\(MonitoringFiles.root)/\(Self.rules)"], input: "")
        #expect(checked.status == 0, "\(checked.output)")
    }

    /// The gauge and the alert are one rule, at the second where it begins.
    @Test func theGaugeOverdueIsTheAlertsRule() throws {
        #expect(try MonitoringFiles.text(Self.rules).contains("> 1.25 * stash_backup_expected_interval_seconds + 300"))
        let since = try moment("2026-11-23T02:00:00Z")
        var plan = SchedulerMetrics.Configuration(
            namespace: "demo", name: "hourly", repository: "disk", isPaused: false, knownSince: since,
            expectedInterval: .seconds(3600), nextRun: nil)
        #expect(plan.isOverdue(lastSuccess: nil, at: since + 4800) == false)
        #expect(plan.isOverdue(lastSuccess: nil, at: since + 4801) == true)
        #expect(plan.isOverdue(lastSuccess: since + 10, at: since + 4801) == false)
        plan.isPaused = true
        #expect(plan.isOverdue(lastSuccess: nil, at: since + 86_400) == false)
        plan.expectedInterval = nil
        #expect(plan.isOverdue(lastSuccess: nil, at: since + 86_400) == nil)
    }

    @Test func everyDashboardIsOfMetricsThatExist() throws {
        let families = try MonitoringFiles.families()
        let files = try MonitoringFiles.names(in: Self.dashboards)
        #expect(files == ["fleet.json", "plan.json", "repository.json", "restores.json"])
        var titles: Set<String> = []
        for file in files {
            let dashboard = try JSONValue(parsing: Array(MonitoringFiles.text("\(Self.dashboards)/\(file)").utf8))
            titles.insert(try #require(dashboard["title"]?.string))
            let panels = try #require(dashboard["panels"]?.array)
            let ids = panels.compactMap { $0["id"]?.int }
            #expect(!panels.isEmpty && ids.count == panels.count && Set(ids).count == ids.count, "\(file): \(ids)")
            let expressions = panels.flatMap { $0["targets"]?.array ?? [] }.compactMap { $0["expr"]?.string }
            #expect(expressions.count >= panels.count)
            let variables = (dashboard["templating"]?["list"]?.array ?? []).compactMap { $0["query"]?.string }
            for expression in expressions + variables.filter({ $0.contains("(") }) {
                let used = MonitoringFiles.metrics(in: expression)
                #expect(!used.isEmpty && used.isSubset(of: families), "\(file): \(expression)")
            }
        }
        #expect(titles.count == 4)
    }

    @Test func theDashboardsAreWhatTheScriptWrites() throws {
        let (status, output) = try ReferenceImplementation.run(
            ["python3", "\(MonitoringFiles.root)/scripts/dashboards", "--check"], input: "")
        #expect(status == 0, "\(output)")
    }

    @Test func theDocumentHasEveryMetricOfThePage() throws {
        let document = try MonitoringFiles.text("docs/monitoring.md")
        let families = try MonitoringFiles.families()
        for name in families { #expect(document.contains("| `\(name)` |"), "\(name) is not in docs/monitoring.md") }
        let documented = Set(document.matches(of: /\n\| `((stash|sheaf)_[a-z_]+)` \| [^`]/).map { String($0.output.1) })
        #expect(documented.subtracting(families).isEmpty, "\(documented.subtracting(families))")
    }
}
