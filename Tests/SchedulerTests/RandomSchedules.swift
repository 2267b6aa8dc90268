import Runtime

@testable import Scheduler

/// Random schedules of which all implementations think the same, but for changes of the clock.
///
/// Where we follow Kubernetes and not Debian (a step over `*` in a day field; hours that are `*/n`; minutes that are `*` in a chosen hour), and
/// where references differ among themselves (a day field that lists every day), nothing is generated.
struct RandomSchedules {
    var generator: SeededGenerator

    struct Schedule {
        var expression: String
        /// Whether every hour is allowed, so that the schedule follows elapsed time.
        var isElapsed: Bool
    }

    mutating func next() -> Schedule {
        let isElapsed = Bool.random(using: &generator)
        let minute = isElapsed && Bool.random(using: &generator) ? "*/7" : list(0...59)
        let hour = isElapsed ? "*" : list(0...22)
        let day = Bool.random(using: &generator) ? "*" : list(1...30)
        let month = Int.random(in: 0...2, using: &generator) == 0 ? list(1...12) : "*"
        let weekday = Bool.random(using: &generator) ? "*" : list(0...5)
        return Schedule(expression: "\(minute) \(hour) \(day) \(month) \(weekday)", isElapsed: isElapsed)
    }

    /// A moment of ten years; half of them are shortly before a change of the clock, where all mistakes live.
    mutating func moment(in zone: TimeZoneRules) -> Int {
        // 2026-01-01 to 2036-01-01.
        let start = Int.random(in: 1_767_225_600..<2_082_758_400, using: &generator)
        guard Bool.random(using: &generator), let change = zone.period(at: start).end else { return start }
        return change - Int.random(in: 10_800...86_400, using: &generator)
    }

    private mutating func list(_ range: ClosedRange<Int>) -> String {
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            let low = Int.random(in: range, using: &generator)
            let high = Int.random(in: low...range.upperBound, using: &generator)
            switch Int.random(in: 0...3, using: &generator) {
            case 0 where high > low: return "\(low)-\(high)"
            case 1 where high > low: return "\(low)-\(high)/\(Int.random(in: 1...9, using: &generator))"
            default: return "\(low)"
            }
        }.joined(separator: ",")
    }
}

extension CronExpression {
    /// Slots after a moment, in seconds since 1970.
    func slots(_ count: Int, after start: Int, in zone: TimeZoneRules) -> [Int] {
        var slots: [Int] = []
        var cursor = Timestamp(millisecondsSinceEpoch: Int64(start) * 1_000)
        while slots.count < count, let slot = next(after: cursor, in: zone) {
            slots.append(Int(slot.millisecondsSinceEpoch / 1_000))
            cursor = slot
        }
        return slots
    }
}
