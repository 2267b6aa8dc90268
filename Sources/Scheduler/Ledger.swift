package import Messages
package import Runtime

/// What the Scheduler remembers: sessions, their progress and the state of schedules, in one sqlite file.
///
/// A projection of events: it can be deleted, and sessions still end right. Runs on a thread of its own, which the disk
/// may block; callers hand over many events at a time.
package actor Ledger {
    let database: SQLiteDatabase
    private let executor: ThreadExecutor

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens or creates the file; blocks the caller for the check, milliseconds for a usual ledger.
    ///
    /// - Parameter path: on a local disk, in a folder that this program may write to; `:memory:` forgets at exit.
    /// - Throws: `SchedulerError`, or `RuntimeError` when no thread is to be had.
    package init(path: String) throws {
        executor = try ThreadExecutor(name: "ledger")
        database = try SQLiteDatabase(path: path, migrations: LedgerSchema.migrations)
    }

    /// Takes events in; when it returns they are saved, so that their messages may be acknowledged.
    ///
    /// All or none: after an error the same events may be given again.
    package func apply(_ events: [LedgerEvent]) throws(SchedulerError) {
        guard !events.isEmpty else { return }
        try database.transaction { () throws(SchedulerError) in
            var records: [String: LedgerRecord] = [:]
            for event in events {
                var record: LedgerRecord
                if let known = records[event.session] {
                    record = known
                } else {
                    record = try self.record(event.session) ?? LedgerRecord(id: event.session, at: event.time.milliseconds)
                }
                try record.apply(event)
                records[event.session] = record
                switch event.content {
                case .status(let status): try save(status.indices, of: event.session, by: status.source)
                case .progress(let progress): try save(progress, of: event.session, at: event.time)
                case .request, .rescue, .retry: break
                }
            }
            for record in records.values { try save(record) }
        }
    }

    /// Forgets finished sessions from before `limit`, and stray progress of forgotten ones.
    ///
    /// Of each invoker the newest `keep` sessions stay, and the last success always, since alerts measure against it.
    /// - Parameters:
    ///   - more: what is kept of a plan (namespace and name) where that is more than `keep`.
    ///   - isGone: whether a BackupConfiguration or RestoreSession is not there any more: of it nothing stays.
    /// - Returns: how many sessions went.
    @discardableResult
    package func prune(
        before limit: Timestamp, keepingNewest keep: Int, andMoreOf more: [PlanName: Int] = [:],
        isGone: @Sendable (ResourceKey) -> Bool = { _ in false }
    ) throws(SchedulerError) -> Int {
        try database.transaction { () throws(SchedulerError) in
            var doomed = try database.query(
                """
                WITH ranked AS (
                    SELECT id, row_number() OVER newest AS place,
                        sum(phase = 'Succeeded') OVER newest AS successes, phase = 'Succeeded' AS is_success
                    FROM sessions
                    WINDOW newest AS (PARTITION BY namespace, invoker_kind, invoker_name ORDER BY created_at DESC, id DESC))
                SELECT id, place, namespace, invoker_kind, invoker_name, kind FROM sessions JOIN ranked USING (id)
                WHERE created_at < ?1 AND (
                    (phase IN ('Succeeded', 'Failed', 'Skipped') AND place > ?2 AND NOT (is_success AND successes = 1))
                    OR (kind IS NULL AND ifnull(progress_at, first_event_at) < ?1))
                """, [.integer(limit.milliseconds), .integer(keep)]
            ) { row -> String? in
                let plan = PlanName(namespace: row["namespace"].text ?? "", name: row["invoker_name"].text ?? "")
                let kept = row["invoker_kind"].text == BackupConfiguration.kind.rawValue ? more[plan] ?? 0 : 0
                return (row["place"].integer ?? 0) > kept || row["kind"].text == nil ? row["id"].text : nil
            }.compactMap(\.self)
            for invoker in try invokers() {
                guard let kind = ResourceKind(rawValue: invoker.kind),
                    isGone(ResourceKey(kind: kind, namespace: invoker.namespace, name: invoker.name))
                else { continue }
                doomed += try finished(of: invoker, before: limit)
            }
            for id in Set(doomed) {
                try database.run("DELETE FROM parts WHERE session = ?", .text(id))
                try database.run("DELETE FROM indices WHERE session = ?", .text(id))
                try database.run("DELETE FROM pushes WHERE session = ?", .text(id))
                try database.run("DELETE FROM messages WHERE session = ?", .text(id))
                try database.run("DELETE FROM sessions WHERE id = ?", .text(id))
            }
            return Set(doomed).count
        }
    }

    private func finished(of invoker: InvokerKey, before limit: Timestamp) throws(SchedulerError) -> [String] {
        try database.query(
            """
            SELECT id FROM sessions WHERE namespace = ? AND invoker_kind = ? AND invoker_name = ? AND created_at < ?
                AND phase IN ('Succeeded', 'Failed', 'Skipped')
            """, invoker.values + [.integer(limit.milliseconds)]
        ) { $0["id"].text }.compactMap(\.self)
    }

    private func record(_ id: String) throws(SchedulerError) -> LedgerRecord? {
        try database.query("SELECT * FROM sessions WHERE id = ?", [.text(id)], read: Self.record).first
    }

    private func save(_ record: LedgerRecord) throws(SchedulerError) {
        let identity = record.identity
        let standing = record.standing
        try database.run(
            """
            INSERT OR REPLACE INTO sessions (
                id, kind, name, namespace, invoker_kind, invoker_name, repository, target, created_at, requested_at,
                first_event_at, started_at, progress_at, rescue_at, deadline, phase, source, status_at,
                finished_at, snapshot, error, conditions, target_namespace, published_at, not_after, retry_left, next_retry,
                retried_as, turn_at, retry_noted_at, to_push)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .text(record.id), SQLiteValue(identity?.kind.rawValue), SQLiteValue(identity?.name),
            SQLiteValue(identity?.namespace), SQLiteValue(identity?.invoker.kind), SQLiteValue(identity?.invoker.name),
            SQLiteValue(identity?.repository), SQLiteValue(identity?.target), .integer(record.createdAt),
            SQLiteValue(record.requestedAt), .integer(record.firstEventAt), SQLiteValue(record.startedAt),
            SQLiteValue(record.progressAt), SQLiteValue(record.rescueAt), SQLiteValue(record.deadline),
            .text(standing.phase.rawValue), .integer(standing.source.rawValue),
            .integer(standing.at), SQLiteValue(standing.finishedAt), SQLiteValue(standing.snapshot),
            SQLiteValue(standing.error), .text(standing.conditions), SQLiteValue(record.targetNamespace),
            SQLiteValue(record.publishedAt), SQLiteValue(record.notAfter), SQLiteValue(record.retryLeft),
            SQLiteValue(record.nextRetry), SQLiteValue(record.retriedAs), SQLiteValue(record.turnAt),
            SQLiteValue(record.retryNotedAt), .integer(try isToPush(record) ? 1 : 0))
        // The first that was seen stays.
        if let message = record.message {
            try database.run(
                "INSERT INTO messages (session, message) VALUES (?, ?) ON CONFLICT DO NOTHING", .text(record.id), .blob(message))
        }
    }

    private func save(
        _ indices: [LedgerIndex], of session: String, by source: PhaseSource
    ) throws(SchedulerError) {
        for index in indices {
            guard source == .final else {
                try database.run(
                    """
                    INSERT INTO indices (session, name, planned_documents) VALUES (?, ?, ?) ON CONFLICT DO UPDATE
                    SET planned_documents = max(planned_documents, excluded.planned_documents)
                    """, .text(session), .text(index.name), .integer(index.totalDocuments))
                continue
            }
            try database.run(
                """
                INSERT INTO indices (session, name, final_documents, final_total, final_bytes, final_stored_bytes)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                    final_documents = max(ifnull(final_documents, 0), excluded.final_documents),
                    final_total = max(ifnull(final_total, 0), excluded.final_total),
                    final_bytes = max(ifnull(final_bytes, 0), excluded.final_bytes),
                    final_stored_bytes = max(ifnull(final_stored_bytes, 0), excluded.final_stored_bytes)
                """, .text(session), .text(index.name), .integer(index.documents), .integer(index.totalDocuments),
                .integer(index.bytes), .integer(index.storedBytes))
        }
    }

    private func save(_ progress: LedgerEvent.Progress, of session: String, at time: Timestamp) throws(SchedulerError) {
        try database.run(
            "INSERT INTO indices (session, name) VALUES (?, ?) ON CONFLICT DO NOTHING", .text(session), .text(progress.index))
        // A stored part beats a unit at work; of two workers on one unit the later word counts.
        try database.run(
            """
            INSERT INTO parts (session, slice, epoch, number, index_name, is_stored, at, documents, bytes, stored_bytes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                index_name = excluded.index_name, is_stored = excluded.is_stored, at = excluded.at,
                documents = excluded.documents, bytes = excluded.bytes, stored_bytes = excluded.stored_bytes
            WHERE (excluded.is_stored, excluded.at, excluded.documents, excluded.bytes, excluded.stored_bytes)
                > (is_stored, at, documents, bytes, stored_bytes)
            """, .text(session), .integer(progress.slice), .integer(progress.epoch), .integer(progress.number),
            .text(progress.index), .integer(progress.isStored ? 1 : 0), .integer(time.milliseconds),
            .integer(progress.documents), .integer(progress.bytes), .integer(progress.storedBytes))
    }
}
