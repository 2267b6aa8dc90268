import Messages
import Runtime

extension Ledger {
    /// The state of a plan's schedule, nil when it has none yet.
    package func scheduleState(of plan: PlanName) throws(SchedulerError) -> CronSchedule.State? {
        try database.query("SELECT * FROM schedules WHERE kind = ? AND namespace = ? AND name = ?", plan.values) { row in
            CronSchedule.State(
                rule: row["rule"].text ?? "", knownSince: Timestamp(milliseconds: row["known_since"].integer ?? 0),
                handledUntil: Timestamp(milliseconds: row["handled_until"].integer ?? 0),
                lastSlot: row["last_slot"].integer.map { Timestamp(milliseconds: $0) }, isPaused: row["is_paused"].integer == 1)
        }.first
    }

    package func save(_ state: CronSchedule.State, of plan: PlanName) throws(SchedulerError) {
        try database.run(
            """
            INSERT OR REPLACE INTO schedules (kind, namespace, name, rule, known_since, handled_until, last_slot, is_paused)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(plan.kind.rawValue), .text(plan.namespace), .text(plan.name), .text(state.rule),
            .integer(state.knownSince.milliseconds), .integer(state.handledUntil.milliseconds),
            SQLiteValue(state.lastSlot?.milliseconds),
            .integer(state.isPaused ? 1 : 0))
    }

    /// Forgets a plan that is gone, so that one of the same name starts afresh.
    package func forgetSchedule(of plan: PlanName) throws(SchedulerError) {
        try database.run(
            "DELETE FROM schedules WHERE kind = ? AND namespace = ? AND name = ?", .text(plan.kind.rawValue),
            .text(plan.namespace), .text(plan.name))
    }

    /// All plans that have a schedule, or had one until not long ago.
    func scheduledPlans() throws(SchedulerError) -> [PlanName] {
        try database.query("SELECT kind, namespace, name FROM schedules ORDER BY 1, 2, 3", read: Self.plan)
    }

    /// Forgets plans that were gone at every look for so long: one that is moved from file to file is not new.
    func forgetSchedules(
        where isGone: @Sendable (PlanName) -> Bool, for patience: Duration, now: Timestamp
    ) throws(SchedulerError) {
        let known = try database.query("SELECT kind, namespace, name, gone_since FROM schedules") { row throws(SchedulerError) in
            (try Self.plan(row), row["gone_since"].integer)
        }
        for (plan, since) in known {
            let isGone = isGone(plan)
            if isGone, let since, now - Timestamp(milliseconds: since) >= patience {
                try forgetSchedule(of: plan)
            } else if isGone != (since != nil) {
                try database.run(
                    "UPDATE schedules SET gone_since = ? WHERE kind = ? AND namespace = ? AND name = ?",
                    isGone ? .integer(now.milliseconds) : .null, .text(plan.kind.rawValue), .text(plan.namespace),
                    .text(plan.name))
            }
        }
    }

    private static func plan(_ row: SQLiteRow) throws(SchedulerError) -> PlanName {
        guard let kind = row["kind"].text.flatMap(ResourceKind.init) else {
            throw SchedulerError(
                .databaseDamaged, "the ledger holds a schedule of a \(row["kind"]): move the file away and start again")
        }
        return PlanName(kind: kind, namespace: row["namespace"].text ?? "", name: row["name"].text ?? "")
    }
}

extension PlanName {
    fileprivate var values: [SQLiteValue] { [.text(kind.rawValue), .text(namespace), .text(name)] }
}
