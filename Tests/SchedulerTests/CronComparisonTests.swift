import Runtime
import Testing

@testable import Scheduler

/// Compares with the PyPI package cronsim, which mimics Debian's cron, clock changes included.
@Suite(.enabled(if: ReferenceImplementation.has("cronsim, zoneinfo"), "pip install cronsim to run"))
struct CronComparisonTests {
    /// Seven slots of each schedule; cronsim repeats a slot where several skipped times fall together.
    private static let program = """
        import sys
        from cronsim import CronSim
        from datetime import datetime
        from zoneinfo import ZoneInfo
        for line in sys.stdin:
            expression, zone, start = line.rstrip("\\n").split("|")
            slots = []
            for slot in CronSim(expression, datetime.fromtimestamp(int(start), ZoneInfo(zone))):
                at = int(slot.timestamp())
                if not slots or at != slots[-1]:
                    slots.append(at)
                if len(slots) == 7:
                    break
            print(" ".join(map(str, slots)))
        """

    private struct Schedules {
        var generator: SeededGenerator

        mutating func list(_ range: ClosedRange<Int>) -> String {
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

        /// Where we follow Kubernetes and not Debian (a step over `*` in a day field; hours that are `*/n`; minutes that
        /// are `*` in a chosen hour) nothing is generated.
        mutating func next() -> String {
            let isElapsed = Bool.random(using: &generator)
            let minute = isElapsed && Bool.random(using: &generator) ? "*/7" : list(0...59)
            let hour = isElapsed ? "*" : list(0...22)
            let day = Bool.random(using: &generator) ? "*" : list(1...31)
            let month = Int.random(in: 0...2, using: &generator) == 0 ? list(1...12) : "*"
            let weekday = Bool.random(using: &generator) ? "*" : list(0...6)
            return "\(minute) \(hour) \(day) \(month) \(weekday)"
        }
    }

    @Test(arguments: [
        "UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata",
    ])
    func slotsEqualThoseOfCronsim(zone: String) throws {
        let rules = try TimeZoneRules(identifier: zone)
        var schedules = Schedules(generator: SeededGenerator(seed: UInt64(zone.utf8.count)))
        var questions: [(expression: String, start: Int)] = []
        for _ in 0..<150 {
            let expression = schedules.next()
            var start = Int.random(in: 1_700_000_000...2_400_000_000, using: &schedules.generator)
            // Half of the walks begin shortly before a change of the clock, where all mistakes live.
            if Bool.random(using: &schedules.generator), let change = rules.period(at: start).end {
                start = change - Int.random(in: 10_800...86_400, using: &schedules.generator)
            }
            questions.append((expression, start))
        }
        let answers = try ReferenceImplementation.answers(
            to: questions.map { "\($0.expression)|\(zone)|\($0.start)" }, program: Self.program)
        try #require(answers.count == questions.count)
        for (question, answer) in zip(questions, answers) {
            let cron = try CronExpression(question.expression)
            var slots: [String] = []
            var cursor = Timestamp(secondsSinceEpoch: Double(question.start))
            while slots.count < 7, let slot = cron.next(after: cursor, in: rules) {
                slots.append("\(Int(slot.secondsSinceEpoch))")
                cursor = slot
            }
            #expect(slots.joined(separator: " ") == answer, "\(question.expression) in \(zone) after \(question.start)")
        }
    }
}
