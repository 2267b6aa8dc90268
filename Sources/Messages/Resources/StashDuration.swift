/// A span of time as Stash writes it: `1h30m`, `45s`, `1.5h`; hours, minutes, seconds and milliseconds, no days, never negative.
///
/// Kept in whole milliseconds; what is finer is cut off.
package struct StashDuration: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package static let zero = StashDuration(milliseconds: 0)

    package init(milliseconds: Int64) { self.milliseconds = max(0, milliseconds) }

    package init(seconds: Int64) { self.init(milliseconds: seconds.multipliedSaturating(by: 1000)) }

    /// Nil when the text is not a sequence of `<decimal number><h|m|s|ms>`, or is too long for 64 bits of milliseconds; `0` is allowed.
    package init?(_ text: String) {
        if text == "0" {
            self = .zero
            return
        }
        var rest = Substring(text)
        var total: Double = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            guard number.contains(where: \.isNumber), let value = Double(number) else { return nil }
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let scale = Self.millisecondsPerUnit[String(unit)] else { return nil }
            total += value * scale
        }
        guard let milliseconds = Int64(exactly: total.rounded(.down)) else { return nil }
        self.milliseconds = milliseconds
    }

    private static let millisecondsPerUnit: [String: Double] = ["h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1]

    package var duration: Duration { .milliseconds(milliseconds) }

    /// Seconds, for a deadline or a metric.
    package var seconds: Double { Double(milliseconds) / 1000 }

    package static func < (left: StashDuration, right: StashDuration) -> Bool { left.milliseconds < right.milliseconds }
}

extension StashDuration: CustomStringConvertible {
    /// The shortest form that reads back as the same span: `1h30m`, `500ms`, `0s`.
    package var description: String {
        guard milliseconds > 0 else { return "0s" }
        let parts = [
            (milliseconds / 3_600_000, "h"), (milliseconds / 60_000 % 60, "m"), (milliseconds / 1000 % 60, "s"),
            (milliseconds % 1000, "ms"),
        ]
        return parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
    }
}

extension StashDuration: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = StashDuration(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected a duration such as 1h30m, found \(text)")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Int64 {
    fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
