import Glibc
import SwiftOverlayShims  // where Swift 6.3 on Linux keeps timespec

/// A moment to the millisecond, printed as `2026-11-23T14:02:11.042Z`: always 24 characters, so that texts sort as times.
///
/// Covers the years 0 to 9999; a moment beyond them is held at the nearest one.
package struct Timestamp: Sendable, Hashable {
    package let millisecondsSinceEpoch: Int64

    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = min(max(millisecondsSinceEpoch, Self.range.lowerBound), Self.range.upperBound)
    }

    package init(secondsSinceEpoch: Double) {
        let milliseconds = (secondsSinceEpoch * 1000).rounded(.down)
        guard milliseconds > -1e15 else {
            self.init(millisecondsSinceEpoch: Self.range.lowerBound)
            return
        }
        self.init(millisecondsSinceEpoch: milliseconds < 1e15 ? Int64(milliseconds) : Self.range.upperBound)
    }

    /// What the system clock says.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package var secondsSinceEpoch: Double { Double(millisecondsSinceEpoch) / 1000 }

    package static let expectation = "a time such as 2026-11-23T14:02:11Z"

    /// Reads RFC 3339: any number of fraction digits (cut to milliseconds), `Z` or an offset such as `+02:00`.
    package init(parsing text: String) throws(RuntimeError) {
        var reader = TimestampReader(text)
        guard let milliseconds = reader.milliseconds(), Self.range.contains(milliseconds) else {
            throw RuntimeError(code: .badFormat, message: "\"\(text)\" is not \(Self.expectation)")
        }
        self.init(millisecondsSinceEpoch: milliseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String {
        let day = Int((Double(millisecondsSinceEpoch) / 86_400_000).rounded(.down))
        let time = Int(millisecondsSinceEpoch) - day * 86_400_000
        let date = CivilDate(daysSinceEpoch: day)
        let fields = [
            (date.year, 4, "-"), (date.month, 2, "-"), (date.day, 2, "T"), (time / 3_600_000, 2, ":"),
            (time / 60_000 % 60, 2, ":"), (time / 1000 % 60, 2, "."), (time % 1000, 3, "Z"),
        ]
        var text = ""
        for (value, width, end) in fields {
            let digits = String(value)
            text += String(repeating: "0", count: width - digits.utf8.count) + digits + end
        }
        return text
    }
}

extension Timestamp: Comparable {
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    package static func + (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: time.millisecondsSinceEpoch + duration.milliseconds)
    }

    package static func - (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: time.millisecondsSinceEpoch - duration.milliseconds)
    }

    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.millisecondsSinceEpoch - right.millisecondsSinceEpoch)
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(parsing: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
