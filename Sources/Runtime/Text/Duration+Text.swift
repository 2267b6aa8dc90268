extension Duration {
    package static let expectation = "a duration such as 90s, 2m or 1h30m"

    /// Reads "90s", "2m", "1h30m", "1.5h", "250ms", "7d"; "0" needs no unit.
    package init(parsing text: String) throws(RuntimeError) {
        let failure = RuntimeError(code: .badFormat, message: "\"\(text)\" is not \(Self.expectation)")
        var nanoseconds = 0
        var rest = text[...]
        guard !rest.isEmpty else { throw failure }
        while !rest.isEmpty && text != "0" {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let factor = Self.nanosecondsPerUnit[String(unit)], let part = Decimal(digits)?.times(factor) else {
                throw failure
            }
            let (sum, isTooLong) = nanoseconds.addingReportingOverflow(part)
            guard !isTooLong else { throw failure }
            nanoseconds = sum
        }
        self = .nanoseconds(nanoseconds)
    }

    private static let nanosecondsPerUnit = [
        "ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
        "d": 86_400_000_000_000, "w": 604_800_000_000_000,
    ]

    /// For people: "350ms", "1.2s", "12s", "4m31s", "1h30m", "3d4h". Two units at most, cut off, not rounded.
    package var shortText: String {
        guard self >= .zero else { return "-" + (Duration.zero - self).shortText }
        let whole = components.seconds
        let milliseconds = Int64(components.attoseconds / 1_000_000_000_000_000)
        if self == .zero { return "0s" }
        if whole == 0 { return "\(milliseconds)ms" }
        if whole < 10 { return milliseconds < 100 ? "\(whole)s" : "\(whole).\(milliseconds / 100)s" }
        if whole < 60 { return "\(whole)s" }
        if whole < 3600 { return Self.pair(whole / 60, "m", whole % 60, "s") }
        if whole < 86400 { return Self.pair(whole / 3600, "h", whole % 3600 / 60, "m") }
        return Self.pair(whole / 86400, "d", whole % 86400 / 3600, "h")
    }

    private static func pair(_ first: Int64, _ unit: String, _ second: Int64, _ smaller: String) -> String {
        second == 0 ? "\(first)\(unit)" : "\(first)\(unit)\(second)\(smaller)"
    }

    /// Seconds with their fraction, as Prometheus and JSON want them.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// Whole milliseconds, cut off.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
