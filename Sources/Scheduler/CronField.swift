/// One of the five fields of a cron expression: what it is called, what it allows and how its text is read.
enum CronField: String, CaseIterable {
    case minute
    case hour
    case dayOfMonth = "day-of-month"
    case month
    case dayOfWeek = "day-of-week"

    /// The values that a field's text stands for, as bits.
    struct Values: Hashable, Sendable {
        fileprivate(set) var bits: UInt64 = 0
        /// Whether the text was `*` or `?`, which leaves the choice of day to the other day field.
        fileprivate(set) var isWildcard = false

        func contains(_ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }

        /// The smallest value that is not below `minimum`.
        func first(from minimum: Int) -> Int? {
            guard minimum < 64 else { return nil }
            let rest = bits >> UInt64(minimum)
            return rest == 0 ? nil : minimum + rest.trailingZeroBitCount
        }
    }

    var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    private var names: [String] {
        switch self {
        case .minute, .hour, .dayOfMonth: []
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        }
    }

    /// What may be written here, for error messages.
    private var allowed: String {
        let numbers = "\(range.lowerBound)-\(range.upperBound)"
        guard let first = names.first, let last = names.last else { return numbers }
        return "\(numbers) or \(first)-\(last)"
    }

    /// Reads a list of values, ranges and steps.
    ///
    /// `5/15` means from 5 on, every 15, as in Kubernetes, whose CronJobs run the manifests that come to us.
    func values(of text: String) throws(SchedulerError) -> Values {
        var values = Values()
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            try add(String(item), to: &values)
        }
        // 7 is the other name of Sunday.
        if self == .dayOfWeek, values.contains(7) {
            values.bits = (values.bits | 1) & 0b111_1111
        }
        return values
    }

    private func add(_ item: String, to values: inout Values) throws(SchedulerError) {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let base = parts[0]
        var step = 1
        if parts.count == 2 {
            guard let number = number(parts[1]), number > 0 else {
                throw invalid("step \"\(parts[1])\" is not a number from 1 on")
            }
            step = number
        }
        let chosen: ClosedRange<Int>
        if base == "*" || base == "?" {
            chosen = self == .dayOfWeek ? 0...6 : range
            values.isWildcard = values.isWildcard || step == 1
        } else {
            let ends = base.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            let lower = try value(ends[0])
            switch ends.count {
            case 1:
                chosen = parts.count == 2 ? lower...range.upperBound : lower...lower
            case 2:
                var upper = try value(ends[1])
                // SAT-SUN and 6-0 end on the Sunday that follows.
                if self == .dayOfWeek, upper == 0, lower > 0 { upper = 7 }
                guard lower <= upper else { throw invalid("\(base) runs backwards: write the lower value first") }
                chosen = lower...upper
            default:
                throw invalid("\(base) has more than one \"-\"")
            }
        }
        for value in stride(from: chosen.lowerBound, through: chosen.upperBound, by: step) {
            values.bits |= 1 << UInt64(value)
        }
    }

    private func value(_ text: String) throws(SchedulerError) -> Int {
        if let index = names.firstIndex(of: text.uppercased()) {
            return index + (self == .month ? 1 : 0)
        }
        guard let number = number(text) else { throw invalid("\"\(text)\" is not one of \(allowed)") }
        guard range.contains(number) else { throw invalid("\(text) is outside \(allowed)") }
        return number
    }

    /// Digits alone: `Int` would take `+5` too.
    private func number(_ text: String) -> Int? {
        text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
    }

    private func invalid(_ problem: String) -> SchedulerError {
        SchedulerError(.invalidSchedule, "\(rawValue) \(problem)")
    }
}
