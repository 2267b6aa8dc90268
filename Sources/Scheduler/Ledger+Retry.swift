import Messages
package import Runtime

extension Ledger {
    /// Failed sessions with retries left about which nothing has been decided, the oldest first.
    package func sessionsToRetry() throws(SchedulerError) -> [LedgerSession] {
        // Asked every second: sqlite would rather walk through all sessions in the order of time.
        let ids = try database.query(
            """
            SELECT id FROM sessions INDEXED BY sessions_to_retry
            WHERE phase = 'Failed' AND retry_left > 0 AND retried_as IS NULL AND kind = 'backup'
            """
        ) { $0["id"].text ?? "" }
        var found: [LedgerSession] = []
        for id in ids { if let session = try session(id) { found.append(session) } }
        return found.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    /// Whether its plan has a session that was asked for later, other than a skipped one.
    ///
    /// - Parameter session: or a batch's, as a whole.
    package func isSuperseded(_ session: LedgerSession) throws(SchedulerError) -> Bool {
        guard let identity = session.identity else { return false }
        return try !database.query(
            """
            SELECT 1 AS one FROM sessions WHERE namespace = ?1 AND invoker_kind = ?2 AND invoker_name = ?3 AND created_at > ?4
                AND phase <> 'Skipped' AND id <> ?5 AND ifnull(parent, '') <> ?5 LIMIT 1
            """,
            [
                .text(identity.namespace), .text(identity.invoker.kind), .text(identity.invoker.name),
                .integer(session.createdAt.milliseconds), .text(session.id),
            ]
        ) { $0["one"].integer }.isEmpty
    }

    /// Notes when failed sessions are tried again, or as which session they were: all of a batch's in one.
    package func note(_ retry: LedgerEvent.Retry, of sessions: [LedgerSession], now: Timestamp) throws(SchedulerError) {
        try apply(sessions.map { LedgerEvent(session: $0.id, time: now, content: .retry(retry)) })
    }
}
