import Messages
import Runtime
import Testing

@testable import Scheduler

extension Ledger {
    /// How sqlite goes about everything that was asked since the file was opened.
    fileprivate func plans() throws -> [(sql: String, steps: [String])] {
        try database.statements.keys.filter { $0.contains("SELECT") && !$0.hasPrefix("EXPLAIN") }.map { sql in
            (sql, try database.query("EXPLAIN QUERY PLAN \(sql)") { $0["detail"].text ?? "" })
        }
    }

    /// Sessions of 500 plans that have ended, in one transaction.
    fileprivate func fill(_ count: Int, from start: Timestamp) throws {
        try database.run(
            """
            INSERT INTO sessions (
                id, kind, name, namespace, invoker_kind, invoker_name, repository, target, created_at, first_event_at,
                phase, source, status_at, finished_at, conditions, published_at, retry_left)
            WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1 - 1)
            SELECT printf('%08d', n), 'backup', 'plan-' || (n % 500), 'demo', 'BackupConfiguration', 'plan-' || (n % 500), 'minio',
                'es', ?2 + n * 1000, ?2 + n * 1000, iif(n % 7 = 0, 'Failed', 'Succeeded'), 3, ?2 + n * 1000,
                ?2 + n * 1000 + 500, '[]', ?2, NULL
            FROM numbers
            """, .integer(count), .integer(start.milliseconds))
        try database.run("INSERT INTO messages SELECT id, randomblob(3000) FROM sessions")
    }
}

/// What is asked every second, or every few, does not walk through a long history.
@Suite struct LedgerPlansTests {
    /// Of sessions that have not ended, that failed, or whose end is not pushed: few, however long the history.
    private static let shortIndices = ["sessions_unfinished", "sessions_to_retry", "sessions_to_push"]

    @Test func noFrequentQuestionWalksThroughAllSessions() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/ledger.sqlite"
        let start = try moment("2026-11-23T02:00:00Z")
        try await Ledger(path: path).fill(50_000, from: start)
        let ledger = try Ledger(path: path)
        let now = start + 50_000
        let script = SessionScript(id: "new", start: now)
        let command = try PushSamples.command(script)
        // Every second.
        _ = try await ledger.sessionsToRetry()
        _ = try await ledger.takeTurns(now: now)
        #expect(try await ledger.waitingSessions().isEmpty)
        #expect(try await ledger.unfinishedSessions().isEmpty)
        #expect(try await ledger.sessionsToPush(since: start).isEmpty)
        _ = try await ledger.repositoriesToPush(since: start)
        // Every five.
        let summaries = try await ledger.summaries()
        #expect(summaries.count == 500 && summaries.allSatisfy { $0.lastFinished != nil && $0.lastSuccess != nil })
        #expect(try await ledger.activeSessions(limit: 1000).isEmpty)
        _ = try await ledger.surroundings(of: summaries.compactMap(\.lastFinished), at: now)
        // Every rescue, and with each session.
        #expect(try await ledger.quietSessions(since: now).isEmpty)
        #expect(try await ledger.sessionsPastDeadline(at: now).isEmpty)
        #expect(try await ledger.sessionsNeverBegun(at: now).isEmpty)
        guard case .new(.publish) = try await ledger.admit(command, message: [1], now: now, outcome: { _ in nil }) else {
            Issue.record("it was not admitted")
            return
        }
        try await ledger.apply([script.running(), script.end(after: 60, .succeeded, documents: 3)])
        let ended = try #require(try await ledger.session("new"))
        #expect(try await ledger.sessionsToPush(since: start).map(\.id) == ["new"])
        _ = try await ledger.isSuperseded(ended)
        _ = try await ledger.indexNames(before: ended)
        try await ledger.notePush(of: ended, .pushed, error: nil, at: now)

        let plans = try await ledger.plans()
        #expect(plans.count > 20)
        for plan in plans {
            let walks = plan.steps.filter { step in
                ["SCAN sessions", "SCAN messages", "SCAN s "].contains { step.hasPrefix($0) } || step == "SCAN s"
            }
            for step in walks {
                #expect(Self.shortIndices.contains { step.contains($0) }, "\(step): \(plan.sql)")
            }
        }
    }

    /// A ledger of a version before: what was pushed stays pushed, what was not is.
    @Test func whatIsToPushOutlivesTheUpgrade() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/ledger.sqlite"
        let start = try moment("2026-11-23T02:00:00Z").milliseconds
        do {
            let old = try SQLiteDatabase(path: path, migrations: Array(LedgerSchema.migrations.prefix(3)))
            for (id, plan, ended) in [("a", "x", 100), ("b", "x", 200), ("c", "x", 150), ("d", "y", 100), ("e", "z", 100)] {
                try old.run(
                    """
                    INSERT INTO sessions (id, kind, name, namespace, invoker_kind, invoker_name, repository, target, created_at,
                        first_event_at, phase, source, status_at, finished_at, conditions)
                    VALUES (?, 'backup', 'n', 'demo', 'BackupConfiguration', ?, 'minio', 'es', ?, 0, 'Succeeded', 3, 0, ?, '[]')
                    """, .text(id), .text(plan), .integer(start), .integer(start + ended))
            }
            for (id, source, isSettled) in [("b", 3, 1), ("d", 3, 0), ("e", 1, 1)] {
                try old.run("INSERT INTO pushes VALUES (?, ?, 0, ?, NULL)", .text(id), .integer(source), .integer(isSettled))
            }
            for plan in ["x", "z"] {
                try old.run(
                    "INSERT INTO push_groups VALUES (?, 'BackupConfiguration', 'demo', ?, 0)",
                    .text("backupconfiguration-demo-\(plan)"), .text(plan))
            }
        }
        let ledger = try Ledger(path: path)
        // a and c ended before b, which is pushed; the push of d failed, and that of e was of a guess.
        #expect(try await ledger.sessionsToPush(since: Timestamp(milliseconds: start)).map(\.id) == ["d", "e"])
    }
}
