import Runtime

/// The rule that a zone follows after the last listed change: the POSIX `TZ` text at the end of a TZif file.
///
/// For example `CET-1CEST,M3.5.0,M10.5.0/3`. Hours may be negative or beyond 24 (RFC 9636 section 3.3.2).
enum TimeZoneTail: Hashable, Sendable {
    /// Seconds east of UTC, always.
    case fixed(Int)
    case alternating(standard: Int, summer: Int, start: Change, end: Change)

    /// A day of the year and the wall-clock second in it.
    struct Change: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// 1...365; 29 February is never counted.
            case julian(Int)
            /// 0...365; 29 February is counted.
            case ordinal(Int)
            /// Week 5 is the last one of the month; weekday 0 is Sunday.
            case weekday(month: Int, week: Int, weekday: Int)
        }
        let day: Day
        let second: Int

        /// The wall clock of the change in `year`, read on the clock that is in force before it; nil in no month.
        func wallClock(in year: Int) -> Int? {
            guard let newYear = CivilDate(year: year, month: 1, day: 1)?.daysSinceEpoch else { return nil }
            let number: Int
            switch day {
            case .julian(let counted):
                number = newYear + counted - 1 + (counted >= 60 && CivilDate.days(inMonth: 2, of: year) == 29 ? 1 : 0)
            case .ordinal(let counted):
                number = newYear + counted
            case .weekday(let month, let week, let weekday):
                guard let first = CivilDate(year: year, month: month, day: 1) else { return nil }
                let start = first.daysSinceEpoch
                let wanted = start + (weekday - CivilDate.weekday(ofDay: start)).flooredRemainder(by: 7) + 7 * (week - 1)
                number = wanted < first.startOfNextMonth ? wanted : wanted - 7
            }
            return number * 86_400 + second
        }
    }

    /// Nil when the text is not a rule that RFC 9636 allows.
    init?(_ text: String) {
        var scanner = Scanner(rest: text.utf8[...])
        guard scanner.skipName(), let west = scanner.time() else { return nil }
        if scanner.rest.isEmpty {
            self = .fixed(-west)
            return
        }
        guard scanner.skipName() else { return nil }
        var summer = 3_600 - west
        if scanner.rest.first != UInt8(ascii: ",") {
            guard let summerWest = scanner.time() else { return nil }
            summer = -summerWest
        }
        guard let start = scanner.change(), let end = scanner.change(), scanner.rest.isEmpty else { return nil }
        self = .alternating(standard: -west, summer: summer, start: start, end: end)
    }

    /// The offset at `instant` and when it next changes.
    func period(at instant: Int) -> (offset: Int, end: Int?) {
        switch self {
        case .fixed(let offset):
            return (offset, nil)
        case .alternating(let standard, let summer, let start, let end):
            let year = CivilDate(daysSinceEpoch: instant.flooredQuotient(by: 86_400)).year
            // The neighbours too: a change on New Year's night can lie in another year of UTC.
            let changes = (year - 1...year + 1).flatMap { year in
                [
                    start.wallClock(in: year).map { ($0 - standard, summer) },
                    end.wallClock(in: year).map { ($0 - summer, standard) },
                ]
            }.compactMap(\.self).sorted { $0.0 < $1.0 }
            let current = changes.last { $0.0 <= instant }
            return (current?.1 ?? standard, changes.first { $0.0 > instant }?.0)
        }
    }
}

/// Reads the pieces of a POSIX `TZ` text from left to right.
private struct Scanner {
    var rest: Substring.UTF8View

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number() -> Int? {
        let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard digits.count <= 4, let value = Int(String(Substring(digits))) else { return nil }
        rest = rest[digits.endIndex...]
        return value
    }

    /// An abbreviation: letters, or anything in angle brackets.
    mutating func skipName() -> Bool {
        if skip("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 }
        rest = rest[letters.endIndex...]
        return letters.count >= 3
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time() -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hours = number() else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] where skip(":") {
            guard let value = number() else { return nil }
            seconds += value * unit
        }
        return isNegative ? -seconds : seconds
    }

    mutating func change() -> TimeZoneTail.Change? {
        guard skip(","), let day = day() else { return nil }
        guard skip("/") else { return TimeZoneTail.Change(day: day, second: 7_200) }
        return time().map { TimeZoneTail.Change(day: day, second: $0) }
    }

    private mutating func day() -> TimeZoneTail.Change.Day? {
        if skip("J") {
            return number().flatMap { 1...365 ~= $0 ? .julian($0) : nil }
        }
        guard skip("M") else {
            return number().flatMap { 0...365 ~= $0 ? .ordinal($0) : nil }
        }
        guard let month = number(), skip("."), let week = number(), skip("."), let weekday = number(),
            1...12 ~= month, 1...5 ~= week, 0...6 ~= weekday
        else { return nil }
        return .weekday(month: month, week: week, weekday: weekday)
    }
}
