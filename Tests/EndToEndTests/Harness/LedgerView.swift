import Archive
import Foundation
import Messages
import Runtime
import Scheduler
import Snapshots
import Testing

/// What a Scheduler says of its sessions and plans, without what docs/ledger.md says does not come back.
struct LedgerView: Equatable {
    /// Newest first.
    var sessions: [LedgerSession]
    /// Lines of the page, of plans and of whether Repositories are up.
    var metrics: [String]
    /// `nextRun` of each plan.
    var nextRuns: [String: String]

    /// - Parameter url: of the Scheduler's page.
    static func read(_ site: Site, _ api: SchedulerAPI) async throws -> LedgerView {
        let plans = try await site.sheaf(["get", "backupconfiguration", "--output", "json"])
        try #require(plans.exit == .code(0), "\(plans)")
        var nextRuns: [String: String] = [:]
        for plan in try plans.output.map({ try JSONValue(parsing: $0) }).flatMap({ $0["items"]?.array ?? [$0] }) {
            nextRuns[plan["metadata"]?["name"]?.string ?? ""] = plan["status"]?["nextRun"]?.string
        }
        return LedgerView(
            sessions: try await sessions(site), metrics: try await page(api).filter(isLasting).sorted(), nextRuns: nextRuns)
    }

    static func sessions(_ site: Site) async throws -> [LedgerSession] {
        try await site.ledger().sessions(limit: 10_000).map { session in
            var session = session
            (session.retryLeft, session.nextRetry, session.retriedAs) = (nil, nil, nil)
            (session.publishedAt, session.deadline, session.lastRescueAt, session.lastProgressAt) = (nil, nil, nil, nil)
            return session
        }
    }

    static func page(_ api: SchedulerAPI) async throws -> [String] {
        try await api.get("/metrics").text.split(separator: "\n").map(String.init)
    }

    private static func isLasting(_ line: String) -> Bool {
        ["stash_backup_", "stash_repository_up"].contains { line.hasPrefix($0) }
    }

    /// The final events in the repository of a site, by session.
    static func finals(_ site: Site) throws -> [String: StatusEvent] {
        let history = SessionHistory(store: RepositoryStore(try LocalStore(site.repository)))
        let limit = SessionHistory.Limit(
            sessions: .max, bytes: .max, entryBytes: .max, deadline: .now + .seconds(60))
        let page = try history.page(from: .ended(before: nil), limit: limit) { _ in true }
        try #require(page.next == nil && page.damages.isEmpty && page.begun.isEmpty, "\(page)")
        return Dictionary(page.statuses.map { ($0.session.text, $0) }) { first, _ in first }
    }
}

extension Site {
    var ledgerFile: String { stateFolder(of: "scheduler") + "/ledger.sqlite" }

    /// The Scheduler's own file, beside it.
    func ledger() throws -> Ledger { try Ledger(path: ledgerFile) }

    func deleteLedger() throws {
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: ledgerFile + suffix) {
            try FileManager.default.removeItem(atPath: ledgerFile + suffix)
        }
    }

    /// Waits until a Scheduler's page says so.
    func wait(_ what: String, on page: SchedulerAPI, until isSo: ([String]) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let lines = try await LedgerView.page(page)
            if isSo(lines) { return }
            try #require(.now < deadline, "\(what): \(lines.filter { !$0.hasPrefix("#") })")
            await Task.yield()
        }
    }

    /// Waits until all Repositories of a lost ledger have been read.
    func waitForRebuild(on page: SchedulerAPI) async throws {
        try await wait("the rebuild's end", on: page) { lines in
            let readings = lines.filter { $0.hasPrefix("sheaf_ledger_rebuilding{") }
            return !readings.isEmpty && readings.allSatisfy { $0.hasSuffix(" 0") }
        }
    }
}
