import Runtime

extension Ledger {
    /// The state of a configuration's schedule, nil when it has none yet.
    package func scheduleState(namespace: String, name: String) throws(SchedulerError) -> CronSchedule.State? {
        try database.query(
            "SELECT * FROM schedules WHERE namespace = ? AND name = ?", [.text(namespace), .text(name)]
        ) { row in
            CronSchedule.State(
                rule: row["rule"].text ?? "", knownSince: Timestamp(milliseconds: row["known_since"].integer ?? 0),
                handledUntil: Timestamp(milliseconds: row["handled_until"].integer ?? 0),
                lastSlot: row["last_slot"].integer.map { Timestamp(milliseconds: $0) }, isPaused: row["is_paused"].integer == 1)
        }.first
    }

    package func save(_ state: CronSchedule.State, namespace: String, name: String) throws(SchedulerError) {
        try database.run(
            """
            INSERT OR REPLACE INTO schedules (namespace, name, rule, known_since, handled_until, last_slot, is_paused)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, .text(namespace), .text(name), .text(state.rule),
            .integer(state.knownSince.milliseconds), .integer(state.handledUntil.milliseconds),
            SQLiteValue(state.lastSlot?.milliseconds),
            .integer(state.isPaused ? 1 : 0))
    }

    /// Forgets a configuration that is gone, so that one of the same name starts afresh.
    package func forgetSchedule(namespace: String, name: String) throws(SchedulerError) {
        try database.run("DELETE FROM schedules WHERE namespace = ? AND name = ?", .text(namespace), .text(name))
    }

    /// All plans that have a schedule, or had one until not long ago.
    func scheduledPlans() throws(SchedulerError) -> [PlanName] {
        try database.query("SELECT namespace, name FROM schedules ORDER BY 1, 2") { row in
            PlanName(namespace: row["namespace"].text ?? "", name: row["name"].text ?? "")
        }
    }

    /// Forgets plans that were gone at every look for so long: one that is moved from file to file is not new.
    func forgetSchedules(
        where isGone: @Sendable (PlanName) -> Bool, for patience: Duration, now: Timestamp
    ) throws(SchedulerError) {
        let known = try database.query("SELECT namespace, name, gone_since FROM schedules") { row in
            (PlanName(namespace: row["namespace"].text ?? "", name: row["name"].text ?? ""), row["gone_since"].integer)
        }
        for (plan, since) in known {
            let isGone = isGone(plan)
            if isGone, let since, now - Timestamp(milliseconds: since) >= patience {
                try forgetSchedule(namespace: plan.namespace, name: plan.name)
            } else if isGone != (since != nil) {
                try database.run(
                    "UPDATE schedules SET gone_since = ? WHERE namespace = ? AND name = ?",
                    isGone ? .integer(now.milliseconds) : .null, .text(plan.namespace), .text(plan.name))
            }
        }
    }
}
