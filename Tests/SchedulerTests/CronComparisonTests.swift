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

    @Test(arguments: [
        "UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata",
    ])
    func slotsEqualThoseOfCronsim(zone: String) throws {
        let rules = try TimeZoneRules(identifier: zone)
        var schedules = RandomSchedules(generator: SeededGenerator(seed: UInt64(zone.utf8.count)))
        let questions = (0..<150).map { _ in (schedule: schedules.next().expression, start: schedules.moment(in: rules)) }
        let answers = try ReferenceImplementation.answers(
            to: questions.map { "\($0.schedule)|\(zone)|\($0.start)" }, program: Self.program)
        try #require(answers.count == questions.count)
        for (question, answer) in zip(questions, answers) {
            let slots = try CronExpression(question.schedule).slots(7, after: question.start, in: rules)
            let text = slots.map(String.init).joined(separator: " ")
            #expect(text == answer, "\(question.schedule) in \(zone) after \(question.start)")
        }
    }
}
