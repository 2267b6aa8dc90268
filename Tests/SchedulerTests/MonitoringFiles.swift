import Foundation
import Messages
import Runtime

@testable import Scheduler

/// What people use the page of metrics by: rules, dashboards and the document.
enum MonitoringFiles {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path

    static func text(_ path: String) throws -> String { try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) }

    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted()
    }

    /// Names of all families that a Scheduler's page can have.
    static func families() throws -> Set<String> {
        let metrics = SchedulerMetrics(
            configurations: [], summaries: [], activeSessions: [], lastTick: Timestamp(secondsSinceEpoch: 0), version: "")
        let measured = Measurements()
        for name in ["sheaf_unit_seconds", "sheaf_unit_documents", "sheaf_unit_bytes"] {
            try measured.record(MetricEvent(name: name, value: 1, labels: [:], time: Timestamp(secondsSinceEpoch: 0)))
        }
        return Set((metrics.families() + QueueWatch.families([]) + measured.families()).map(\.name))
    }

    /// Names of Sheaf's metrics in an expression of Prometheus.
    static func metrics(in expression: some StringProtocol) -> Set<String> {
        Set(String(expression).matches(of: /\b(stash|sheaf)_[a-z_]+/).map { String($0.output.0) })
    }
}
