package import Runtime

/// When something is to happen, in the five fields of cron: minute, hour, day-of-month, month, day-of-week.
///
/// If both day fields are restricted, a day matches when either does. A field is unrestricted when it is `*` or `?`;
/// `*/2` restricts, as in Kubernetes (cron of Debian counts it as unrestricted).
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// The text that was given, with single spaces.
    package let text: String
    private let minutes: CronField.Values
    private let hours: CronField.Values
    private let daysOfMonth: CronField.Values
    private let months: CronField.Values
    private let daysOfWeek: CronField.Values

    private static let shorthands = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// - Throws: `.invalidSchedule`, naming the field and what it allows.
    package init(_ text: String) throws(SchedulerError) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        self.text = words.joined(separator: " ")
        func invalid(_ problem: String) -> SchedulerError {
            SchedulerError(.invalidSchedule, "schedule \"\(text)\": \(problem)")
        }
        var fields = words
        if let first = words.first, first.hasPrefix("@") {
            guard words.count == 1, let expansion = Self.shorthands[first.lowercased()] else {
                let known = Self.shorthands.keys.sorted().joined(separator: " ")
                throw invalid("\(first) is not one of \(known); an interval is written as in \"*/30 * * * *\"")
            }
            fields = expansion.split(separator: " ").map(String.init)
        }
        if let first = words.first, first.contains("=") {
            throw invalid("\(first) does not belong here: give the time zone in a field of its own")
        }
        guard fields.count == 5 else {
            let names = CronField.allCases.map(\.rawValue).joined(separator: " ")
            throw invalid("\(fields.count) fields, but five are needed: \(names)")
        }
        do throws(SchedulerError) {
            minutes = try CronField.minute.values(of: fields[0])
            hours = try CronField.hour.values(of: fields[1])
            daysOfMonth = try CronField.dayOfMonth.values(of: fields[2])
            months = try CronField.month.values(of: fields[3])
            daysOfWeek = try CronField.dayOfWeek.values(of: fields[4])
        } catch {
            throw invalid(error.message)
        }
    }

    package var description: String { text }

    /// The first slot after `time`, or nil when there is none (31 February).
    ///
    /// Around a clock change: if every hour is allowed, the schedule follows elapsed time, so an hour that exists twice
    /// counts twice and one that is skipped does not count. Otherwise each local time happens once a day: in its first
    /// pass when it exists twice, and at the first valid moment after the change when it is skipped; several skipped
    /// slots are one.
    package func next(after time: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
        let instant = Int(time.millisecondsSinceEpoch).flooredQuotient(by: 1_000)
        let next = hours.bits == 0xFF_FFFF ? nextElapsed(after: instant, in: zone) : nextLocal(after: instant, in: zone)
        return next.map { Timestamp(millisecondsSinceEpoch: Int64($0) * 1_000) }
    }

    private func nextLocal(after instant: Int, in zone: TimeZoneRules) -> Int? {
        var minute = (instant + zone.offset(at: instant)).flooredQuotient(by: 60)
        // Of the slots that a clock change moved or repeats, some lie at or before `instant`: go past them.
        while let slot = nextMinute(from: minute) {
            let moment = zone.firstInstant(reading: slot * 60)
            if moment > instant { return moment }
            minute = slot + 1
        }
        return nil
    }

    private func nextElapsed(after instant: Int, in zone: TimeZoneRules) -> Int? {
        var start = instant + 1
        // A change of the clock more than once a day is unknown, so this ends long before the bound of `nextMinute`.
        while true {
            let (offset, end) = zone.period(at: start)
            guard let minute = nextMinute(from: (start + offset + 59).flooredQuotient(by: 60)) else { return nil }
            let moment = minute * 60 - offset
            guard let end, moment >= end else { return moment }
            start = end
        }
    }

    /// The first matching minute of the wall clock at or after `start`, both in minutes since 1970.
    private func nextMinute(from start: Int) -> Int? {
        var day = start.flooredQuotient(by: 1_440)
        var minuteOfDay = start - day * 1_440
        // 29 February is at most eight years away (2096 to 2104): what has not matched by then never does.
        let limit = day + 9 * 366
        while day < limit {
            let date = CivilDate(daysSinceEpoch: day)
            guard months.contains(date.month) else {
                day = date.startOfNextMonth
                minuteOfDay = 0
                continue
            }
            if matches(date, day), let minute = firstMinute(from: minuteOfDay) {
                return day * 1_440 + minute
            }
            day += 1
            minuteOfDay = 0
        }
        return nil
    }

    private func matches(_ date: CivilDate, _ day: Int) -> Bool {
        let byMonth = daysOfMonth.contains(date.day)
        let byWeek = daysOfWeek.contains(CivilDate.weekday(ofDay: day))
        return daysOfMonth.isWildcard || daysOfWeek.isWildcard ? byMonth && byWeek : byMonth || byWeek
    }

    private func firstMinute(from minuteOfDay: Int) -> Int? {
        let (startHour, startMinute) = minuteOfDay.quotientAndRemainder(dividingBy: 60)
        if hours.contains(startHour), let minute = minutes.first(from: startMinute) {
            return startHour * 60 + minute
        }
        guard let hour = hours.first(from: startHour + 1), let minute = minutes.first(from: 0) else { return nil }
        return hour * 60 + minute
    }
}
