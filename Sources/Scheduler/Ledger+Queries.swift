package import Messages
package import Runtime

extension Ledger {
    /// Which sessions to list; nil and empty mean any.
    package struct Filter: Sendable {
        package var kind: SessionKind?
        package var phases: Set<Phase> = []
        package var namespace: String?
        /// Stash's object name.
        package var name: String?
        package var invokerName: String?
        package var repository: String?
        package var target: String?
        /// The last session of the page before: the list goes on after it.
        package var after: (createdAt: Timestamp, id: String)?

        package init() {}
    }

    /// How one BackupConfiguration or RestoreSession is doing. Skipped sessions say nothing about that and are left out.
    package struct InvokerSummary: Sendable, Equatable {
        package var namespace: String
        package var invoker: Invoker
        package var lastFinished: LedgerSession?
        package var lastSuccess: LedgerSession?
        /// Sessions that were not successful since the last that was.
        package var consecutiveFailures: Int
    }

    /// A session that may need help, with the message to publish again when the Scheduler knows it.
    package struct UnfinishedSession: Sendable, Equatable {
        package var session: LedgerSession
        package var message: [UInt8]?
    }

    package func session(_ id: String) throws(SchedulerError) -> LedgerSession? {
        try sessions(where: "id = ?", [.text(id)], limit: 1).first
    }

    /// Newest first.
    package func sessions(limit: Int, filter: Filter = Filter()) throws(SchedulerError) -> [LedgerSession] {
        var terms: [String] = []
        var values: [SQLiteValue] = []
        let equal: [(String, String?)] = [
            ("kind", filter.kind?.rawValue), ("namespace", filter.namespace), ("name", filter.name),
            ("invoker_name", filter.invokerName),
            ("repository", filter.repository), ("target", filter.target),
        ]
        for case (let column, let value?) in equal {
            terms.append("\(column) = ?")
            values.append(.text(value))
        }
        if !filter.phases.isEmpty {
            let phases = filter.phases.map(\.rawValue).sorted()
            terms.append("phase IN (\(phases.map { _ in "?" }.joined(separator: ", ")))")
            values += phases.map { .text($0) }
        }
        if let after = filter.after {
            terms.append("(created_at, id) < (?, ?)")
            values += [.integer(after.createdAt.milliseconds), .text(after.id)]
        }
        return try sessions(where: terms.isEmpty ? "TRUE" : terms.joined(separator: " AND "), values, limit: limit)
    }

    /// The indices of a session by name: documents done and in all.
    package func indices(of session: String) throws(SchedulerError) -> [LedgerIndex] {
        try database.query("\(Self.figures) ORDER BY i.name", [.text(session)], read: Self.index)
    }

    /// Sessions without an end and without a word since `time`: candidates for a rescue.
    package func quietSessions(since time: Timestamp) throws(SchedulerError) -> [UnfinishedSession] {
        try unfinished(
            where: "max(created_at, ifnull(progress_at, 0), ifnull(rescue_at, 0)) < ?", [.integer(time.milliseconds)])
    }

    /// The session's message as it was first seen, nil where only events of it are known.
    package func message(of id: String) throws(SchedulerError) -> [UInt8]? {
        try database.query("SELECT message FROM messages WHERE session = ?", [.text(id)]) { $0["message"].blob }.first ?? nil
    }

    /// Sessions that were begun and have no end although their deadline has passed, which counts from their begin. One of which only events are
    /// known has none: a day after the last of them.
    package func sessionsPastDeadline(at now: Timestamp) throws(SchedulerError) -> [UnfinishedSession] {
        try unfinished(
            where: """
                kind IS NOT NULL AND (started_at IS NOT NULL OR phase <> 'Pending') AND ifnull(
                    started_at + deadline - requested_at,
                    max(created_at, ifnull(started_at, 0), ifnull(progress_at, 0)) + \(Self.unknownAllowance)) < ?
                """, [.integer(now.milliseconds)])
    }

    /// Sessions that no worker has begun by the last moment for it: their notAfter, else their deadline, else a day after they were asked for.
    package func sessionsNeverBegun(at now: Timestamp) throws(SchedulerError) -> [UnfinishedSession] {
        try unfinished(
            where: """
                kind IS NOT NULL AND started_at IS NULL AND phase = 'Pending' AND (published_at IS NOT NULL OR NOT \(Self.hasMessage))
                AND ifnull(not_after, ifnull(deadline, created_at + \(Self.unknownAllowance))) < ?
                """, [.integer(now.milliseconds)])
    }

    /// Of a row of `sessions`.
    static let hasMessage = "EXISTS (SELECT 1 FROM messages WHERE messages.session = sessions.id)"

    /// Milliseconds for a session whose timeOut is not known, as for one without.
    private static let unknownAllowance = 24 * 3_600_000

    /// All invokers that ever had a session which is still remembered.
    package func summaries() throws(SchedulerError) -> [InvokerSummary] {
        var summaries: [InvokerSummary] = []
        for invoker in try invokers() {
            let success = try latest("Succeeded", of: invoker)
            let failure = try latest("Failed", of: invoker)
            let failures = try database.query(
                """
                SELECT count(*) AS failures FROM sessions INDEXED BY sessions_by_outcome
                WHERE namespace = ? AND invoker_kind = ? AND invoker_name = ? AND phase = 'Failed' AND (created_at, id) > (?, ?)
                """, invoker.values + [.integer(success?.createdAt.milliseconds ?? Int.min), .text(success?.id ?? "")]
            ) { $0["failures"].integer ?? 0 }
            let lastFinished = [success, failure].compactMap(\.self).max { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            summaries.append(
                InvokerSummary(
                    namespace: invoker.namespace, invoker: Invoker(kind: invoker.kind, name: invoker.name),
                    lastFinished: lastFinished, lastSuccess: success, consecutiveFailures: failures.first ?? 0))
        }
        return summaries
    }

    /// Names one invoker in the columns of sessions.
    struct InvokerKey {
        var namespace = ""
        var kind = ""
        var name = ""

        var values: [SQLiteValue] { [.text(namespace), .text(kind), .text(name)] }
    }

    /// From one to the next, since DISTINCT would walk through all of their sessions.
    func invokers() throws(SchedulerError) -> [InvokerKey] {
        var found: [InvokerKey] = []
        while let next = try database.query(
            """
            SELECT namespace, invoker_kind, invoker_name FROM sessions INDEXED BY sessions_by_outcome
            WHERE (namespace, invoker_kind, invoker_name) > (?, ?, ?) ORDER BY namespace, invoker_kind, invoker_name LIMIT 1
            """, (found.last ?? InvokerKey()).values,
            read: { row in
                InvokerKey(
                    namespace: row["namespace"].text ?? "", kind: row["invoker_kind"].text ?? "",
                    name: row["invoker_name"].text ?? "")
            }
        ).first { found.append(next) }
        return found
    }

    private func latest(_ phase: String, of invoker: InvokerKey) throws(SchedulerError) -> LedgerSession? {
        let id = try database.query(
            """
            SELECT id FROM sessions INDEXED BY sessions_by_outcome
            WHERE namespace = ? AND invoker_kind = ? AND invoker_name = ? AND phase = ? ORDER BY created_at DESC, id DESC LIMIT 1
            """, invoker.values + [.text(phase)]
        ) { $0["id"].text }.first
        guard case let id?? = id else { return nil }
        return try session(id)
    }

    /// The newest sessions that are Pending or Running.
    func activeSessions(limit: Int) throws(SchedulerError) -> [LedgerSession] {
        try sessions(
            from: "sessions INDEXED BY sessions_unfinished",
            where: "phase NOT IN ('Succeeded', 'Failed', 'Skipped') AND phase IN ('Pending', 'Running')", [], limit: limit)
    }

    private func unfinished(where term: String, _ values: [SQLiteValue]) throws(SchedulerError) -> [UnfinishedSession] {
        var found: [UnfinishedSession] = []
        let sessions = try sessions(
            from: "sessions INDEXED BY sessions_unfinished", where: "phase NOT IN ('Succeeded', 'Failed', 'Skipped') AND \(term)",
            values, limit: -1)
        for session in sessions {
            found.append(UnfinishedSession(session: session, message: try message(of: session.id)))
        }
        return found
    }

    private func sessions(
        from table: String = "sessions", where term: String, _ values: [SQLiteValue], limit: Int
    ) throws(SchedulerError) -> [LedgerSession] {
        let records = try database.query(
            "SELECT * FROM \(table) WHERE \(term) ORDER BY created_at DESC, id DESC LIMIT ?", values + [.integer(limit)],
            read: Self.record)
        var sessions: [LedgerSession] = []
        for record in records {
            let standing = record.standing
            let total = try database.query(Self.total, [.text(record.id)], read: Self.index).first
            sessions.append(
                LedgerSession(
                    id: record.id, identity: record.identity, phase: standing.phase, source: standing.source,
                    createdAt: Timestamp(milliseconds: record.createdAt),
                    startedAt: record.startedAt.map(Timestamp.init(milliseconds:)),
                    finishedAt: standing.finishedAt.map(Timestamp.init(milliseconds:)),
                    lastProgressAt: record.progressAt.map(Timestamp.init(milliseconds:)),
                    lastRescueAt: record.rescueAt.map(Timestamp.init(milliseconds:)),
                    deadline: record.deadline.map(Timestamp.init(milliseconds:)), snapshot: standing.snapshot,
                    documents: total?.documents ?? 0, totalDocuments: total?.totalDocuments ?? 0, bytes: total?.bytes ?? 0,
                    storedBytes: total?.storedBytes ?? 0, error: standing.error,
                    conditions: try LedgerRecord.conditions(in: standing.conditions)
                        + [try pushCondition(of: record.id)].compactMap { $0 },
                    retryLeft: record.retryLeft, nextRetry: record.nextRetry.map(Timestamp.init(milliseconds:)),
                    retriedAs: record.retriedAs.flatMap { $0.isEmpty ? nil : $0 },
                    publishedAt: record.publishedAt.map(Timestamp.init(milliseconds:)), isWaitingForTarget: record.isWaiting))
        }
        return sessions
    }

    /// Per index: the final word where there is one, else the sum of the parts of each slice's highest epoch.
    private static let figures = """
        SELECT i.name, ifnull(i.final_documents, ifnull(p.documents, 0)) AS documents,
            ifnull(i.final_total, i.planned_documents) AS total,
            ifnull(i.final_bytes, ifnull(p.bytes, 0)) AS bytes,
            ifnull(i.final_stored_bytes, ifnull(p.stored_bytes, 0)) AS stored_bytes
        FROM indices AS i LEFT JOIN (
            SELECT index_name, sum(documents) AS documents, sum(bytes) AS bytes, sum(stored_bytes) AS stored_bytes
            FROM parts WHERE session = ?1 AND epoch = (
                SELECT max(epoch) FROM parts AS other WHERE other.session = ?1 AND other.slice = parts.slice)
            GROUP BY index_name
        ) AS p ON p.index_name = i.name
        WHERE i.session = ?1
        """

    private static let total = """
        SELECT sum(documents) AS documents, sum(total) AS total, sum(bytes) AS bytes, sum(stored_bytes) AS stored_bytes
        FROM (\(figures))
        """

    private static func index(_ row: SQLiteRow) throws(SchedulerError) -> LedgerIndex {
        LedgerIndex(
            name: row["name"].text ?? "", documents: row["documents"].integer ?? 0, totalDocuments: row["total"].integer ?? 0,
            bytes: row["bytes"].integer ?? 0, storedBytes: row["stored_bytes"].integer ?? 0)
    }

    static func record(_ row: SQLiteRow) throws(SchedulerError) -> LedgerRecord {
        guard let id = row["id"].text, let phase = row["phase"].text.flatMap(Phase.init),
            let source = row["source"].integer.flatMap(PhaseSource.init)
        else {
            throw SchedulerError(
                .databaseDamaged, "the ledger holds a session with a phase of \(row["phase"]): move the file away and start again"
            )
        }
        var record = LedgerRecord(id: id, at: row["first_event_at"].integer ?? 0)
        if let kind = row["kind"].text.flatMap(SessionKind.init) {
            record.identity = LedgerSession.Identity(
                kind: kind, name: row["name"].text ?? "", namespace: row["namespace"].text ?? "",
                invoker: Invoker(kind: row["invoker_kind"].text ?? "", name: row["invoker_name"].text ?? ""),
                repository: row["repository"].text ?? "", target: row["target"].text ?? "")
        }
        record.requestedAt = row["requested_at"].integer
        record.startedAt = row["started_at"].integer
        record.progressAt = row["progress_at"].integer
        record.rescueAt = row["rescue_at"].integer
        record.deadline = row["deadline"].integer
        record.targetNamespace = row["target_namespace"].text
        record.turnAt = row["turn_at"].integer
        record.publishedAt = row["published_at"].integer
        record.notAfter = row["not_after"].integer
        record.retryLeft = row["retry_left"].integer
        record.nextRetry = row["next_retry"].integer
        record.retryNotedAt = row["retry_noted_at"].integer
        record.retriedAs = row["retried_as"].text
        record.standing = LedgerRecord.Standing(
            source: source, phase: phase, at: row["status_at"].integer ?? 0, finishedAt: row["finished_at"].integer,
            snapshot: row["snapshot"].text, error: row["error"].text, conditions: row["conditions"].text ?? "[]")
        return record
    }
}
