import Foundation
import Runtime
import Testing

@testable import Scheduler

/// Compares with the PyPI package croniter over ten years in five zones: `make cron-oracle`.
///
/// At an overlap croniter fires a named local time in both passes and our rule (docs/scheduling.md) only in the first, so what it says of the
/// second pass is left out, and counted; `ClockChangeTests` tests the rule there. In all else, gaps included, both are the same.
@Suite(.enabled(if: ReferenceImplementation.has("croniter, zoneinfo"), "pip install croniter to run"))
struct CronOracleTests {
    private static let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]
    private static let seed = number("SHEAF_TEST_SEED") ?? UInt64.random(in: 1...1_000_000)
    /// Schedules with a moment to start from; `make cron-oracle` takes 12,000.
    private static let cases = Int(number("SHEAF_TEST_CRON_CASES") ?? 500)
    private static let slotsOfACase = 4

    private static func number(_ variable: String) -> UInt64? {
        ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }

    private static let program = """
        import sys
        from croniter import croniter
        from croniter import CroniterBadDateError
        from datetime import datetime
        from zoneinfo import ZoneInfo
        for line in sys.stdin:
            expression, zone, start, elapsed = line.rstrip("\\n").split("|")
            zone = ZoneInfo(zone)
            slots, left_out = [], 0
            walk = croniter(expression, datetime.fromtimestamp(int(start), zone))
            while len(slots) < \(slotsOfACase):
                try:
                    at = int(walk.get_next(float))
                except CroniterBadDateError:
                    break
                if elapsed == "false" and datetime.fromtimestamp(at, zone).fold:
                    left_out += 1
                else:
                    slots.append(at)
            print(left_out, *slots)
        """

    @Test func slotsEqualThoseOfCroniter() throws {
        print("cron-oracle: SHEAF_TEST_SEED=\(Self.seed) SHEAF_TEST_CRON_CASES=\(Self.cases)")
        var schedules = RandomSchedules(generator: SeededGenerator(seed: Self.seed))
        var questions: [(schedule: RandomSchedules.Schedule, zone: TimeZoneRules, start: Int)] = []
        for zone in Self.zones {
            let rules = try TimeZoneRules(identifier: zone)
            for _ in 0..<Self.cases / Self.zones.count {
                questions.append((schedules.next(), rules, schedules.moment(in: rules)))
            }
        }
        let answers = try ReferenceImplementation.answers(
            to: questions.map { "\($0.schedule.expression)|\($0.zone.identifier)|\($0.start)|\($0.schedule.isElapsed)" },
            program: Self.program)
        try #require(answers.count == questions.count)
        var (compared, leftOut, wrong) = (0, 0, 0)
        for (question, answer) in zip(questions, answers) {
            let words = answer.split(separator: " ").compactMap { Int($0) }
            let expected = Array(words.dropFirst())
            let slots = try CronExpression(question.schedule.expression)
                .slots(Self.slotsOfACase, after: question.start, in: question.zone)
            compared += expected.count
            leftOut += words.first ?? 0
            guard slots != expected else { continue }
            wrong += 1
            // A rule that is wrong is wrong many times.
            guard wrong <= 10 else { continue }
            Issue.record(
                "\(question.schedule.expression) in \(question.zone.identifier) after \(question.start): \(slots), croniter \(expected)"
            )
        }
        #expect(wrong == 0)
        #expect(compared > questions.count)
        print(
            "FIGURE cron-oracle: \(questions.count) cases in \(Self.zones.count) zones over 10 years, \(compared) slots as croniter has them, "
                + "\(leftOut) of an hour's second pass left out (seed \(Self.seed))")
    }
}
