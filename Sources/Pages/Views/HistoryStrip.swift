import API

/// How a plan's days went, as a small picture: shapes differ as well as colours.
enum HistoryStrip {
    private static let pitch = 10
    private static let height = 18

    static func markup(_ days: [Plan.Day]) -> Markup {
        guard !days.isEmpty else { return HTML.span(.class("dim")) { "no history" } }
        return HTML.svg(
            .class("strip"), .role("img"), .label(summary(days)), .viewBox(width: days.count * pitch, height: height)
        ) {
            HTML.title { summary(days) }
            for (number, day) in days.enumerated() { cell(day, x: number * pitch + 1) }
        }
    }

    /// "Last 30 days: 27 succeeded, 1 failed, 2 without a session".
    static func summary(_ days: [Plan.Day]) -> String {
        let words: [(Plan.DayResult, String)] = [
            (.succeeded, "succeeded"), (.mixed, "in part"), (.failed, "failed"), (.none, "without a session"),
        ]
        let parts = words.compactMap { result, word in
            let count = days.count { $0.result == result }
            return count == 0 ? nil : "\(count) \(word)"
        }
        return "Last \(days.count) days: \(parts.joined(separator: ", "))"
    }

    private static func cell(_ day: Plan.Day, x: Int) -> Markup {
        HTML.g(.class("day-\(day.result.rawValue)")) {
            HTML.title { "\(day.date): \(word(day.result))" }
            switch day.result {
            case .none: HTML.rect(.x(x), .y(height - 4), .width(8), .height(2))
            case .succeeded: HTML.rect(.x(x), .y(2), .width(8), .height(14))
            case .mixed:
                HTML.rect(.x(x), .y(10), .width(8), .height(6))
                cross(x: x, y: 1, size: 6)
            case .failed: cross(x: x, y: 5, size: 8)
            }
        }
    }

    private static func cross(x: Int, y: Int, size: Int) -> Markup {
        HTML.path(.lines([[(x, y), (x + size, y + size)], [(x + size, y), (x, y + size)]]))
    }

    private static func word(_ result: Plan.DayResult) -> String {
        switch result {
        case .none: "no session ended"
        case .succeeded: "succeeded"
        case .mixed: "some succeeded, some failed"
        case .failed: "failed"
        }
    }
}
