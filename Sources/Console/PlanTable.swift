package import API
import Messages
package import Runtime

/// Plans in columns, and one whole.
package enum PlanTable {
    package static func lines(_ plans: [Plan], at now: Timestamp) -> [String] {
        var table = TextTable([
            ("PLAN", .left), ("STATE", .left), ("LAST SUCCESS", .left), ("NEXT RUN", .left), ("DOCS", .right), ("STORED", .right),
            ("PROBLEM", .left),
        ])
        for plan in plans {
            let success = plan.lastSuccess
            table.append([
                "\(plan.namespace)/\(plan.name)", state(plan), success?.finishedAt.map { ago($0, now) } ?? "never",
                next(plan, now), success.map { FigureText.exact($0.documents) } ?? "-",
                success.map { "\(ByteCount($0.storedBytes))" } ?? "-",
                DeadLetterTable.harmless(plan.problem?.split(separator: "\n").first.map(String.init) ?? "", width: 80),
            ])
        }
        return table.lines
    }

    package static func details(_ plan: Plan, at now: Timestamp) -> [String] {
        var lines = [
            "plan        \(plan.namespace)/\(plan.name)", "state       \(state(plan))", "target      \(plan.target)",
            "repository  \(plan.repository)",
            "schedule    \(plan.schedule ?? "none: it runs when asked to")\(plan.schedule == nil ? "" : " (\(plan.timeZone ?? "UTC"))")",
            "next run    \(next(plan, now))",
        ]
        if let pause = plan.pause { lines.append("paused      by \(pause.by) at \(FigureText.moment(pause.at))") }
        if let success = plan.lastSuccess {
            lines.append(
                "succeeded   \(success.finishedAt.map(FigureText.moment) ?? "-"): \(FigureText.documents(success.documents)), "
                    + "\(ByteCount(success.storedBytes)) stored")
        }
        if let last = plan.lastSession {
            lines.append("last        \(last.id) \(last.phase.rawValue) \(FigureText.moment(last.requestedAt))")
        }
        if let problem = plan.problem {
            lines += problem.split(separator: "\n").map { "problem     \(DeadLetterTable.harmless(String($0), width: .max))" }
        }
        return lines
    }

    private static func state(_ plan: Plan) -> String {
        plan.health == .failing ? "failing (x\(plan.consecutiveFailures))" : plan.health.rawValue
    }

    private static func next(_ plan: Plan, _ now: Timestamp) -> String {
        guard let next = plan.nextRun else { return plan.isPaused ? "paused" : plan.schedule == nil ? "when asked to" : "-" }
        return next > now ? "in \(span(next - now)) (\(FigureText.moment(next)))" : "due"
    }

    private static func ago(_ time: Timestamp, _ now: Timestamp) -> String { "\(span(max(.zero, now - time))) ago" }

    /// The largest unit that there is one of.
    private static func span(_ duration: Duration) -> String {
        let seconds = Int(duration.seconds)
        for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60)] where seconds >= length {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
