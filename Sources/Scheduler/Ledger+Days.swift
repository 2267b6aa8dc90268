import API
import Messages
import Runtime

extension Ledger {
    /// How the last days of plans went, by the UTC date on which sessions ended. Skipped sessions say nothing.
    ///
    /// - Parameter name: nil for all plans.
    func days(of name: PlanName?, until now: Timestamp) throws(SchedulerError) -> [PlanName: [String: Plan.DayResult]] {
        let since = now - .seconds(86_400 * Plan.stripDays)
        var terms = "invoker_kind = ? AND phase IN ('Succeeded', 'Failed') AND finished_at >= ?"
        var values: [SQLiteValue] = [.text(BackupConfiguration.kind.rawValue), .integer(since.milliseconds)]
        if let name {
            terms += " AND namespace = ? AND invoker_name = ?"
            values += [.text(name.namespace), .text(name.name)]
        }
        var days: [PlanName: [String: Plan.DayResult]] = [:]
        _ = try database.query(
            """
            SELECT namespace, invoker_name, date(finished_at / 1000, 'unixepoch') AS day, sum(phase = 'Succeeded') AS good,
                sum(phase = 'Failed') AS bad
            FROM sessions WHERE \(terms) GROUP BY namespace, invoker_name, day
            """, values
        ) { row in
            let plan = PlanName(namespace: row["namespace"].text ?? "", name: row["invoker_name"].text ?? "")
            let (good, bad) = (row["good"].integer ?? 0, row["bad"].integer ?? 0)
            days[plan, default: [:]][row["day"].text ?? ""] = bad == 0 ? .succeeded : good == 0 ? .failed : .mixed
        }
        return days
    }
}
