import Messages
import Runtime

/// How an attempt to push metrics ended.
package enum PushResult: String, Sendable, CaseIterable {
    case pushed
    /// The Pushgateway could not be reached, or said that it cannot now: the push is tried again.
    case failed
    /// It refused the metrics, which it would do again.
    case refused
}

/// What the Pushgateway holds for one invoker.
struct PushGroup: Sendable, Hashable {
    var invoker: Invoker
    var namespace: String

    /// Nil for a restore.
    var plan: ResourceKey? {
        guard let kind = ResourceKind(rawValue: invoker.kind), kind == .backupConfiguration || kind == .backupBatch else {
            return nil
        }
        return ResourceKey(kind: kind, namespace: namespace, name: invoker.name)
    }

    /// Stash's job: `backupconfiguration-demo-nightly`.
    var job: String { "\(invoker.kind.lowercased())-\(namespace)-\(invoker.name)" }
}

extension Ledger {
    /// What is known of a Repository and has not been pushed yet.
    struct RepositoryPush: Sendable {
        var event: RepositoryEvent
        var command: SessionCommand
    }

    /// Sessions that have ended since `limit` and whose metrics have to be pushed, oldest first.
    ///
    /// A batch's are among them when all its members have ended. None is among them that ended before another one of its invoker which is pushed already: the group would go back in time.
    func sessionsToPush(since limit: Timestamp) throws(SchedulerError) -> [LedgerSession] {
        // Asked every second.
        let ids = try database.query(
            """
            SELECT id FROM sessions INDEXED BY sessions_to_push WHERE to_push = 1 AND finished_at > ?
                AND (parent IS NULL OR (
                    SELECT count(*) FROM sessions AS member INDEXED BY sessions_by_parent
                    WHERE member.parent = sessions.parent AND member.phase IN ('Succeeded', 'Failed', 'Skipped')) >= parent_count)
            ORDER BY finished_at, id LIMIT 100
            """, [.integer(limit.milliseconds)]
        ) { $0["id"].text ?? "" }
        var sessions: [LedgerSession] = []
        for id in ids {
            guard let session = try session(id), let identity = session.identity else { continue }
            let group = PushGroup(invoker: identity.invoker, namespace: identity.namespace)
            let later = try database.query(
                "SELECT 1 AS one FROM push_groups WHERE job = ? AND ended_at > ? AND session <> ?",
                [.text(group.job), SQLiteValue(session.finishedAt?.milliseconds), .text(id)]
            ) { $0["one"].integer }
            if later.isEmpty { sessions.append(session) } else { try leaveOut(session) }
        }
        return sessions
    }

    /// Pushes nothing of a session's end, unless more is told of it.
    func leaveOut(_ session: LedgerSession) throws(SchedulerError) {
        try database.run("UPDATE sessions SET to_push = 0 WHERE id = ?", .text(session.id))
    }

    func leaveOut(_ push: RepositoryPush) throws(SchedulerError) {
        try database.run(
            "UPDATE repositories SET is_pushed = 1 WHERE namespace = ? AND name = ? AND at = ?",
            .text(push.event.namespace), .text(push.event.name), .integer(push.event.time.milliseconds))
    }

    /// Whether the Pushgateway holds that group of this Scheduler's.
    func isPushed(_ group: PushGroup) throws(SchedulerError) -> Bool {
        try !database.query("SELECT 1 AS one FROM push_groups WHERE job = ?", [.text(group.job)]) { $0["one"].integer }.isEmpty
    }

    /// Whether a session's end has to be pushed: by no better word than this it was settled.
    func isToPush(_ record: LedgerRecord) throws(SchedulerError) -> Bool {
        let standing = record.standing
        guard record.identity != nil, standing.phase == .succeeded || standing.phase == .failed else { return false }
        return try database.query(
            "SELECT 1 AS one FROM pushes WHERE session = ? AND is_settled = 1 AND source >= ?",
            [.text(record.id), .integer(standing.source.rawValue)]
        ) { $0["one"].integer }.isEmpty
    }

    /// Names of the indices in the backup of the same target that succeeded last before that session, empty without one.
    func indexNames(before session: LedgerSession) throws(SchedulerError) -> Set<String> {
        guard let identity = session.identity else { return [] }
        let names = try database.query(
            """
            SELECT name FROM indices WHERE final_documents IS NOT NULL AND session = (
                SELECT id FROM sessions WHERE namespace = ? AND invoker_kind = ? AND invoker_name = ? AND target = ?
                    AND phase = 'Succeeded' AND (created_at, id) < (?, ?)
                ORDER BY created_at DESC, id DESC LIMIT 1)
            """,
            [
                .text(identity.namespace), .text(identity.invoker.kind), .text(identity.invoker.name), .text(identity.target),
                .integer(session.createdAt.milliseconds), .text(session.id),
            ]
        ) { $0["name"].text ?? "" }
        return Set(names)
    }

    func repositoriesToPush(since limit: Timestamp) throws(SchedulerError) -> [RepositoryPush] {
        let rows = try database.query(
            "SELECT session, event FROM repositories WHERE is_pushed = 0 AND at > ?", [.integer(limit.milliseconds)]
        ) { ($0["session"].text, $0["event"].blob) }
        var pushes: [RepositoryPush] = []
        for case (let session?, let event?) in rows {
            guard let command = try command(of: session) else { continue }
            pushes.append(RepositoryPush(event: try Self.value(RepositoryEvent.self, from: event), command: command))
        }
        return pushes
    }

    /// Remembers how the push of a session's metrics went.
    func notePush(of session: LedgerSession, _ result: PushResult, error: String?, at now: Timestamp) throws(SchedulerError) {
        try database.transaction { () throws(SchedulerError) in
            try database.run(
                "INSERT OR REPLACE INTO pushes VALUES (?, ?, ?, ?, ?)", .text(session.id), .integer(session.source.rawValue),
                .integer(now.milliseconds), .integer(result == .failed ? 0 : 1), SQLiteValue(error))
            if result != .failed { try leaveOut(session) }
            try count(result)
            guard result == .pushed, let identity = session.identity else { return }
            try noteGroup(PushGroup(invoker: identity.invoker, namespace: identity.namespace), at: now, by: session)
        }
    }

    /// Remembers how the push of a Repository's metrics went; a refused one is not tried again either.
    func notePush(of push: RepositoryPush, _ result: PushResult, at now: Timestamp) throws(SchedulerError) {
        try database.transaction { () throws(SchedulerError) in
            try count(result)
            guard result != .failed else { return }
            try leaveOut(push)
            guard result == .pushed else { return }
            try noteGroup(PushGroup(invoker: push.command.invoker, namespace: push.command.namespace), at: now)
        }
    }

    /// All groups that the Pushgateway holds of this Scheduler's, with the time of the last push to each.
    func pushGroups() throws(SchedulerError) -> [(group: PushGroup, at: Timestamp)] {
        try database.query("SELECT * FROM push_groups ORDER BY job") { row in
            let invoker = Invoker(kind: row["invoker_kind"].text ?? "", name: row["name"].text ?? "")
            return (
                PushGroup(invoker: invoker, namespace: row["namespace"].text ?? ""),
                Timestamp(milliseconds: row["at"].integer ?? 0)
            )
        }
    }

    func forget(_ group: PushGroup) throws(SchedulerError) {
        try database.run("DELETE FROM push_groups WHERE job = ?", .text(group.job))
    }

    func pushResults() throws(SchedulerError) -> [PushResult: Int] {
        let counts = try database.query("SELECT * FROM push_results") { ($0["result"].text ?? "", $0["count"].integer ?? 0) }
        var results: [PushResult: Int] = [:]
        for (name, count) in counts { if let result = PushResult(rawValue: name) { results[result] = count } }
        return results
    }

    /// Stash's condition on the push of a session's metrics, which says nothing about the session itself; nil when there was none.
    func pushCondition(of session: String) throws(SchedulerError) -> Condition? {
        try database.query("SELECT * FROM pushes WHERE session = ?", [.text(session)]) { row in
            let error = row["error"].text
            return Condition(
                type: "MetricsPushed", status: error == nil ? "True" : "False",
                reason: error == nil ? "SuccessfullyPushedMetrics" : "FailedToPushMetrics",
                message: error ?? "the metrics are in the Pushgateway",
                lastTransitionTime: Timestamp(milliseconds: row["at"].integer ?? 0))
        }.first
    }

    private func count(_ result: PushResult) throws(SchedulerError) {
        try database.run(
            "INSERT INTO push_results VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1", .text(result.rawValue))
    }

    private func noteGroup(
        _ group: PushGroup, at now: Timestamp, by session: LedgerSession? = nil
    ) throws(SchedulerError) {
        try database.run(
            """
            INSERT INTO push_groups (job, invoker_kind, namespace, name, at, ended_at, session) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET at = excluded.at, ended_at = ifnull(excluded.ended_at, ended_at),
                session = ifnull(excluded.session, session)
            """, .text(group.job), .text(group.invoker.kind), .text(group.namespace), .text(group.invoker.name),
            .integer(now.milliseconds), SQLiteValue(session?.finishedAt?.milliseconds), SQLiteValue(session?.id))
    }
}
