package import Messages
package import Runtime

extension Ledger {
    /// What the page of metrics says besides sessions and schedules.
    package struct Surroundings: Sendable {
        /// The last heartbeat of each worker that was heard within a day.
        package var workers: [HeardWorker] = []
        package var repositories: [KnownRepository] = []
        /// By the id of the session that a plan finished last.
        package var results: [String: IndexResults] = [:]
        /// Attempts to push metrics, by how they ended.
        package var pushes: [PushResult: Int] = [:]

        package init() {}
    }

    /// A worker's last heartbeat.
    package struct HeardWorker: Sendable, Equatable {
        package var heartbeat: WorkerHeartbeat
        /// When it came, by this machine's clock, which the worker's may differ from.
        package var at: Timestamp
    }

    /// A Repository as workers last told of it.
    package struct KnownRepository: Sendable, Equatable {
        package var namespace: String
        package var name: String
        /// The last word on what it holds; nil when there was none.
        package var event: RepositoryEvent?
        /// When a worker last read or wrote it, or failed to.
        package var checkedAt: Timestamp
        package var isUp: Bool
    }

    /// Indices of a finished session by how they ended.
    package struct IndexResults: Sendable, Equatable {
        /// All documents that were planned.
        package var ok = 0
        /// Some of them.
        package var partial = 0
        /// None of them.
        package var failed = 0
    }

    /// How long a worker that is not heard any more stays known.
    package static let workerMemory = Duration.seconds(86_400)

    /// Workers that are remembered at most: names come from outside.
    static let workerLimit = 1_000

    /// Keeps the later heartbeat of each worker, and forgets workers that were not heard for a day.
    ///
    /// Which one is later the worker's clock tells. One that was ahead is corrected, and after a minute without a later word any counts, since
    /// the clock may have been set back.
    package func save(_ heartbeat: WorkerHeartbeat, now: Timestamp) throws(SchedulerError) {
        try database.run(
            """
            INSERT INTO workers (name, at, heartbeat, heard_at) SELECT ?1, ?2, ?3, ?4
            WHERE EXISTS (SELECT 1 FROM workers WHERE name = ?1) OR (SELECT count(*) FROM workers) < \(Self.workerLimit)
            ON CONFLICT DO UPDATE SET at = excluded.at, heartbeat = excluded.heartbeat, heard_at = excluded.heard_at
            WHERE excluded.at > at OR excluded.heard_at > heard_at + 60000
            """, .text(heartbeat.worker), .integer(min(heartbeat.time, now).milliseconds), .blob(try Self.json(heartbeat)),
            .integer(now.milliseconds))
        try database.run("DELETE FROM workers WHERE heard_at < ?", .integer((now - Self.workerMemory).milliseconds))
    }

    /// Keeps the later word on a Repository, for the page and for a push.
    ///
    /// - Parameter session: the backup after which it was told, where that is known.
    package func save(_ event: RepositoryEvent, session: String?) throws(SchedulerError) {
        let at = event.time.milliseconds
        try database.transaction { () throws(SchedulerError) in
            try noteCheck(of: event.name, in: event.namespace, at: event.time, isUp: true)
            try database.run(
                """
                UPDATE repositories SET at = ?3, session = ?4, event = ?5, is_pushed = 0
                WHERE namespace = ?1 AND name = ?2 AND ifnull(at, -1) < ?3
                """, .text(event.namespace), .text(event.name), .integer(at), SQLiteValue(session), .blob(try Self.json(event)))
        }
    }

    /// What the end of a backup says of its Repository: a journal that was written, or one that could not be reached. A session that expired
    /// was not looked for there.
    package func noteCheck(byEndOf status: StatusEvent) throws(SchedulerError) {
        guard status.kind == .backup, status.phase.isFinal, status.source >= .unrecorded, let at = status.finishedAt,
            !status.conditions.contains(where: { $0.type == "Expired" }),
            let repository = try command(of: status.session.text)?.repository.metadata
        else { return }
        try noteCheck(of: repository.name, in: repository.namespace, at: at, isUp: status.source == .final)
    }

    /// The session as it was asked for, nil where only events of it are known.
    package func command(of session: String) throws(SchedulerError) -> SessionCommand? {
        guard let message = try message(of: session) else { return nil }
        return try Self.value(CloudEvent<SessionCommand>.self, from: message).data
    }

    /// - Parameter sessions: those that plans finished last.
    package func surroundings(of sessions: [LedgerSession], at now: Timestamp) throws(SchedulerError) -> Surroundings {
        var found = Surroundings()
        found.workers = try database.query(
            "SELECT heartbeat, heard_at FROM workers WHERE heard_at >= ? ORDER BY name",
            [.integer((now - Self.workerMemory).milliseconds)]
        ) { (row) throws(SchedulerError) in
            HeardWorker(
                heartbeat: try Self.value(WorkerHeartbeat.self, from: row["heartbeat"].blob ?? []),
                at: Timestamp(milliseconds: row["heard_at"].integer ?? 0))
        }
        found.repositories = try repositories()
        for session in sessions { found.results[session.id] = try results(of: session.id) }
        found.pushes = try pushResults()
        return found
    }

    /// All Repositories that workers told of, by namespace and name.
    package func repositories() throws(SchedulerError) -> [KnownRepository] {
        try database.query("SELECT * FROM repositories ORDER BY namespace, name") {
            (row) throws(SchedulerError) in
            let event = try row["event"].blob.map { (bytes) throws(SchedulerError) in
                try Self.value(RepositoryEvent.self, from: bytes)
            }
            return KnownRepository(
                namespace: row["namespace"].text ?? "", name: row["name"].text ?? "", event: event,
                checkedAt: Timestamp(milliseconds: row["checked_at"].integer ?? 0), isUp: row["is_up"].integer == 1)
        }
    }

    func noteCheck(of name: String, in namespace: String, at time: Timestamp, isUp: Bool) throws(SchedulerError) {
        try database.run(
            """
            INSERT INTO repositories (namespace, name, checked_at, is_up) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET checked_at = excluded.checked_at, is_up = excluded.is_up
            WHERE excluded.checked_at > checked_at
            """, .text(namespace), .text(name), .integer(time.milliseconds), .integer(isUp ? 1 : 0))
    }

    private func results(of session: String) throws(SchedulerError) -> IndexResults {
        try database.query(
            """
            SELECT sum(final_documents >= final_total) AS ok, sum(final_documents BETWEEN 1 AND final_total - 1) AS partial,
                sum(final_documents = 0 AND final_total > 0) AS failed
            FROM indices WHERE session = ? AND final_documents IS NOT NULL
            """, [.text(session)]
        ) { row in
            IndexResults(
                ok: row["ok"].integer ?? 0, partial: row["partial"].integer ?? 0, failed: row["failed"].integer ?? 0)
        }.first ?? IndexResults()
    }

    static func json(_ value: some Encodable) throws(SchedulerError) -> [UInt8] {
        do {
            return try MessageCoding.encode(value)
        } catch {
            throw SchedulerError(.databaseFailed, "\(type(of: value)) could not be written as JSON: \(error)")
        }
    }

    static func value<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws(SchedulerError) -> Value {
        do {
            return try MessageCoding.decode(type, from: bytes)
        } catch {
            throw SchedulerError(
                .databaseDamaged,
                "the ledger holds a \(type) that cannot be read: \(MessageCoding.complaint(error));"
                    + " move the file away and start again")
        }
    }
}
