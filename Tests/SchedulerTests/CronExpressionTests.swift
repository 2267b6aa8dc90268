import Runtime
import Testing

@testable import Scheduler

@Suite struct CronExpressionTests {
    private func slots(_ expression: String, after: String, in zone: String = "UTC", count: Int = 1) throws -> [String] {
        let cron = try CronExpression(expression)
        let rules = try TimeZoneRules(identifier: zone)
        var found: [String] = []
        var cursor = try moment(after)
        while found.count < count, let next = cron.next(after: cursor, in: rules) {
            found.append(next.description.replacing(".000Z", with: "Z"))
            cursor = next
        }
        return found
    }

    @Test(arguments: [
        ("* * * * *", "2026-11-23T21:22:14Z", "2026-11-23T21:23:00Z"),
        ("* * * * *", "2026-11-23T21:22:00Z", "2026-11-23T21:23:00Z"),
        ("0 2 * * *", "2026-11-23T02:00:00Z", "2026-11-24T02:00:00Z"),
        ("0 2 * * *", "2026-11-23T01:59:59Z", "2026-11-23T02:00:00Z"),
        ("*/15 * * * *", "2026-11-23T21:46:00Z", "2026-11-23T22:00:00Z"),
        ("5/20 * * * *", "2026-11-23T21:26:00Z", "2026-11-23T21:45:00Z"),
        ("10-30/10 4,6 * * *", "2026-11-23T04:30:00Z", "2026-11-23T06:10:00Z"),
        ("0 0 29 FEB *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
        ("30 4 1,15 * 5", "2026-11-15T04:30:00Z", "2026-11-20T04:30:00Z"),
        ("0 9 * * mon-fri", "2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z"),
        ("0 0 * * 7", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("0 0 * * 0", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("0 0 * * SAT-SUN", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("0 0 * jan,DEC ?", "2026-11-23T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("0 0 31 * *", "2026-11-23T00:00:00Z", "2026-12-31T00:00:00Z"),
        ("0 0 */10 * MON", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        ("@yearly", "2026-11-23T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("@annually", "2026-11-23T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("@monthly", "2026-11-23T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("@weekly", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("@daily", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
        ("@midnight", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
        ("@Hourly", "2026-11-23T00:00:00Z", "2026-11-23T01:00:00Z"),
        ("  0   2 * *\t* ", "1969-12-31T23:00:00Z", "1970-01-01T02:00:00Z"),
    ])
    func nextSlotIsTheFirstMatchAfterTheMoment(expression: String, after: String, expected: String) throws {
        #expect(try slots(expression, after: after) == [expected])
    }

    @Test(arguments: ["0 0 31 2 *", "0 0 30 FEB ?", "0 0 31 4,6,9,11 *"])
    func aDateThatNeverComesHasNoSlot(expression: String) throws {
        #expect(try slots(expression, after: "2026-11-23T00:00:00Z").isEmpty)
    }

    @Test func theEndsOfTheCalendarAreNoTrap() throws {
        let cron = try CronExpression("0 0 1 1 *")
        let zone = try TimeZoneRules(identifier: "Europe/Berlin")
        let first = try #require(cron.next(after: Timestamp(millisecondsSinceEpoch: .min), in: zone))
        #expect(first.description.hasPrefix("000"))
        #expect(cron.next(after: Timestamp(millisecondsSinceEpoch: .max), in: zone) == Timestamp(millisecondsSinceEpoch: .max))
    }

    @Test(arguments: [
        ("61 * * * *", "schedule \"61 * * * *\": minute 61 is outside 0-59"),
        ("* 24 * * *", "schedule \"* 24 * * *\": hour 24 is outside 0-23"),
        ("* * 0 * *", "schedule \"* * 0 * *\": day-of-month 0 is outside 1-31"),
        ("* * * 13 *", "schedule \"* * * 13 *\": month 13 is outside 1-12 or JAN-DEC"),
        ("* * * FOO *", "schedule \"* * * FOO *\": month \"FOO\" is not one of 1-12 or JAN-DEC"),
        ("* * * * 8", "schedule \"* * * * 8\": day-of-week 8 is outside 0-7 or SUN-SAT"),
        ("*/0 * * * *", "schedule \"*/0 * * * *\": minute step \"0\" is not a number from 1 on"),
        ("1,,2 * * * *", "schedule \"1,,2 * * * *\": minute \"\" is not one of 0-59"),
        ("+5 * * * *", "schedule \"+5 * * * *\": minute \"+5\" is not one of 0-59"),
        ("1-2-3 * * * *", "schedule \"1-2-3 * * * *\": minute 1-2-3 has more than one \"-\""),
        ("* 22-2 * * *", "schedule \"* 22-2 * * *\": hour 22-2 runs backwards: write the lower value first"),
        (
            "* * * *",
            "schedule \"* * * *\": 4 fields, but five are needed: minute hour day-of-month month day-of-week"
        ),
        ("", "schedule \"\": 0 fields, but five are needed: minute hour day-of-month month day-of-week"),
        (
            "TZ=UTC 0 2 * * *",
            "schedule \"TZ=UTC 0 2 * * *\": TZ=UTC does not belong here: give the time zone in a field of its own"
        ),
        (
            "@every 1h",
            "schedule \"@every 1h\": @every is not one of @annually @daily @hourly @midnight @monthly @weekly @yearly; "
                + "an interval is written as in \"*/30 * * * *\""
        ),
    ])
    func aWrongFieldIsNamedWithWhatItAllows(expression: String, message: String) {
        let error = #expect(throws: SchedulerError.self) { try CronExpression(expression) }
        #expect(error?.message == message)
        #expect(error?.code == .invalidSchedule)
    }

    @Test func aStepThatIsHugeIsNoOverflow() throws {
        #expect(try slots("0/9223372036854775807 0 * * *", after: "2026-11-23T01:00:00Z") == ["2026-11-24T00:00:00Z"])
        #expect(throws: SchedulerError.self) { try CronExpression("*/99999999999999999999 * * * *") }
    }

    // Europe/Berlin: on 2026-03-29 02:00 CET becomes 03:00 CEST (01:00Z); on 2026-10-25 03:00 CEST becomes 02:00 CET.

    @Test func aSkippedLocalTimeFiresOnceAtTheChange() throws {
        #expect(
            try slots("30 2 * * *", after: "2026-03-28T02:00:00Z", in: "Europe/Berlin", count: 2)
                == ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"])
        #expect(
            try slots("0,15,30 2,3 * * *", after: "2026-03-29T00:00:00Z", in: "Europe/Berlin", count: 3)
                == ["2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z", "2026-03-29T01:30:00Z"])
    }

    @Test func aLocalTimeThatExistsTwiceFiresOnce() throws {
        #expect(
            try slots("30 2 * * *", after: "2026-10-24T12:00:00Z", in: "Europe/Berlin", count: 2)
                == ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"])
        #expect(
            try slots("30 2 * * *", after: "2026-10-25T01:10:00Z", in: "Europe/Berlin") == ["2026-10-26T01:30:00Z"])
    }

    @Test func everyHourIsElapsedTimeAroundBothChanges() throws {
        #expect(
            try slots("30 * * * *", after: "2026-10-24T23:40:00Z", in: "Europe/Berlin", count: 3)
                == ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"])
        #expect(
            try slots("30 0-23 * * *", after: "2026-03-28T23:40:00Z", in: "Europe/Berlin", count: 3)
                == ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"])
        #expect(
            try slots("*/30 * * * *", after: "2026-03-29T00:30:00Z", in: "Europe/Berlin") == ["2026-03-29T01:00:00Z"])
    }

    @Test func midnightThatDoesNotExistFiresAtTheFirstMomentOfTheDay() throws {
        // Cairo goes from 00:00 to 01:00 on the last Friday of April: 2026-04-24 begins at 01:00 EEST, 22:00Z.
        #expect(try slots("@daily", after: "2026-04-23T12:00:00Z", in: "Africa/Cairo") == ["2026-04-23T22:00:00Z"])
        // Samoa had no 30 December 2011 at all.
        #expect(
            try slots("0 12 * * *", after: "2011-12-29T23:00:00Z", in: "Pacific/Apia", count: 2)
                == ["2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"])
    }

    @Test func theFarFutureFollowsTheFooterOfTheZoneFile() throws {
        #expect(try slots("0 2 1 7 *", after: "2060-01-01T00:00:00Z", in: "Europe/Berlin") == ["2060-07-01T00:00:00Z"])
        #expect(try slots("0 2 1 1 *", after: "2060-02-01T00:00:00Z", in: "Europe/Berlin") == ["2061-01-01T01:00:00Z"])
    }
}
