import Messages
package import Runtime

extension Ledger {
    /// When a rebuild was asked for last; nil for a ledger that was never without its sessions.
    package func rebuildAskedAt() throws(SchedulerError) -> Timestamp? {
        try database.query("SELECT asked_at FROM rebuild") { Timestamp(milliseconds: $0["asked_at"].integer ?? 0) }.first
    }

    package func rebuild() throws(SchedulerError) -> Rebuild {
        guard let askedAt = try rebuildAskedAt() else { return Rebuild() }
        let readings = try database.query("SELECT * FROM readings WHERE asked_at = ?", [.integer(askedAt.milliseconds)]) { row in
            Rebuild.Reading(
                namespace: row["namespace"].text ?? "", name: row["name"].text ?? "", askedAt: askedAt, next: row["next"].text,
                pages: row["pages"].integer ?? 0, sessions: row["sessions"].integer ?? 0,
                doneAt: row["done_at"].integer.map(Timestamp.init(milliseconds:)), isAbsent: row["is_absent"].integer == 1,
                error: row["error"].text, failures: row["failures"].integer ?? 0,
                tryAt: Timestamp(milliseconds: row["try_at"].integer ?? 0))
        }
        return Rebuild(askedAt: askedAt, readings: readings)
    }

    /// Has all Repositories read from their newest session on, whatever was read before.
    package func askForRebuild(now: Timestamp) throws(SchedulerError) {
        // Never the moment of the one before, by which readings are told apart.
        try database.run(
            """
            INSERT INTO rebuild (id, asked_at) VALUES (1, ?1)
            ON CONFLICT DO UPDATE SET asked_at = max(excluded.asked_at, asked_at + 1)
            """, .integer(now.milliseconds))
    }

    /// Begins the readings of Repositories that the rebuild has not begun, and forgets those of others.
    func beginReadings(of repositories: [ResourceKey], askedAt: Timestamp) throws(SchedulerError) {
        try database.transaction { () throws(SchedulerError) in
            let known = try rebuild().readings
            for key in known.keys where !repositories.contains(key) {
                try database.run(
                    "DELETE FROM readings WHERE namespace = ? AND name = ?", .text(key.namespace), .text(key.name))
            }
            for key in repositories where known[key] == nil {
                try database.run(
                    "INSERT OR REPLACE INTO readings (namespace, name, asked_at) VALUES (?, ?, ?)", .text(key.namespace),
                    .text(key.name), .integer(askedAt.milliseconds))
            }
        }
    }

    /// Takes a page in. Its events are saved first: killed in between, it is read again and changes nothing.
    ///
    /// - Parameter source: the Scheduler, as the source of messages that it may publish again.
    func take(_ page: FinalsPage, for reading: Rebuild.Reading, source: String, now: Timestamp) throws(SchedulerError) {
        try apply(try Self.events(of: page, source: source))
        let isLast = page.next == nil
        let newest = page.statuses.compactMap(\.finishedAt).max()
        try database.transaction { () throws(SchedulerError) in
            if let newest { try noteCheck(of: reading.name, in: reading.namespace, at: newest, isUp: true) }
            try database.run(
                """
                UPDATE readings SET next = ?4, pages = pages + 1, sessions = sessions + ?5, done_at = ?6, is_absent = 0,
                    error = ifnull(?7, CASE WHEN failures = 0 THEN error END), failures = 0, try_at = ?8
                WHERE namespace = ?1 AND name = ?2 AND asked_at = ?3
                """, .text(reading.namespace), .text(reading.name), .integer(reading.askedAt.milliseconds),
                SQLiteValue(page.next), .integer(page.statuses.count + page.begun.count),
                isLast ? .integer(now.milliseconds) : .null, SQLiteValue(page.damages.first), .integer(now.milliseconds))
            if isLast { try recallPlans() }
        }
    }

    /// - Parameter isAbsent: there is no such repository, which may change.
    func noteFailure(
        of reading: Rebuild.Reading, _ error: String, isAbsent: Bool, now: Timestamp
    ) throws(SchedulerError) {
        try database.run(
            """
            UPDATE readings SET is_absent = ?4, error = ?5, failures = failures + 1, try_at = ?6
            WHERE namespace = ?1 AND name = ?2 AND asked_at = ?3
            """, .text(reading.namespace), .text(reading.name), .integer(reading.askedAt.milliseconds),
            .integer(isAbsent ? 1 : 0), .text(error),
            .integer((now + Rebuild.pause(after: reading.failures + 1)).milliseconds))
    }

    /// What the sessions that were read say of a plan without a state: its schedule is followed from the last of them on, so that a slot that
    /// was missed meanwhile is made up for, and none that had its session.
    ///
    /// - Returns: nil where none was read.
    func recalledState(of plan: PlanName, schedule: CronSchedule) throws(SchedulerError) -> CronSchedule.State? {
        try database.query(
            """
            SELECT min(created_at) AS first, max(created_at) AS last FROM sessions
            WHERE namespace = ? AND invoker_kind = ? AND invoker_name = ? AND phase <> 'Skipped'
            """, [.text(plan.namespace), .text(plan.kind.rawValue), .text(plan.name)]
        ) { row -> CronSchedule.State? in
            guard let first = row["first"].integer, let last = row["last"].integer else { return nil }
            return CronSchedule.State(
                rule: schedule.rule, knownSince: Timestamp(milliseconds: first),
                handledUntil: Timestamp(milliseconds: last) - schedule.delay)
        }.first ?? nil
    }

    /// A plan is known at least since its first session.
    private func recallPlans() throws(SchedulerError) {
        try database.run(
            """
            UPDATE schedules SET known_since = min(known_since, ifnull((
                SELECT min(created_at) FROM sessions WHERE sessions.namespace = schedules.namespace
                    AND invoker_kind = schedules.kind AND invoker_name = schedules.name), known_since))
            """)
    }

    static func events(of page: FinalsPage, source: String) throws(SchedulerError) -> [LedgerEvent] {
        var events = page.statuses.map { LedgerEvent($0, at: $0.finishedAt ?? $0.requestedAt) }
        for begun in page.begun {
            let command = begun.command
            let message = CloudEvent(
                id: "\(command.id)/session", source: source, type: .backupSession, subject: command.id.text,
                time: command.requestedAt, data: command)
            // A worker has begun it, so it was published before: the least of all moments counts.
            events.append(LedgerEvent(request: command, message: try json(message), publishedAt: begun.startedAt))
            let running = StatusEvent(of: command, phase: .running, source: .announced, startedAt: begun.startedAt)
            events.append(LedgerEvent(running, at: begun.startedAt))
        }
        return events
    }
}
