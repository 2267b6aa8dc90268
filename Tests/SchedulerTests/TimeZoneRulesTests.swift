import FoundationEssentials
import Runtime
import Testing

@testable import Scheduler

@Suite struct TimeZoneRulesTests {
    @Test(arguments: [
        ("Europe/Berlin", "2026-07-01T00:00:00Z", 7_200), ("Europe/Berlin", "2026-12-01T00:00:00Z", 3_600),
        ("Europe/Berlin", "2099-07-01T00:00:00Z", 7_200), ("Asia/Kathmandu", "2026-07-01T00:00:00Z", 20_700),
        ("Europe/Dublin", "2060-07-01T00:00:00Z", 3_600), ("Europe/Dublin", "2060-12-01T00:00:00Z", 0),
        ("America/St_Johns", "2050-07-01T00:00:00Z", -9_000), ("Australia/Lord_Howe", "2050-01-01T00:00:00Z", 39_600),
        ("Etc/GMT+5", "2026-07-01T00:00:00Z", -18_000), ("UTC", "2026-07-01T00:00:00Z", 0),
    ])
    func offsetIsThatOfTheZoneAtTheMoment(zone: String, at: String, offset: Int) throws {
        let rules = try TimeZoneRules(identifier: zone)
        #expect(rules.offset(at: Int(try moment(at).secondsSinceEpoch)) == offset)
    }

    @Test(arguments: ["", "/etc/passwd", "../../../etc/passwd", "Europe", "Europe/Berlino", "a\0b", "zone.tab", "+VERSION"])
    func anUnknownZoneIsRefusedWithItsName(zone: String) {
        let error = #expect(throws: SchedulerError.self) { try TimeZoneRules(identifier: zone) }
        #expect(error?.code == .invalidTimeZone)
        #expect(error?.message.contains("\"\(zone)\"") == true)
    }

    @Test func universalTimeNeedsNoZoneFiles() throws {
        #expect(try TimeZoneRules(identifier: "UTC", database: "/nonexistent").offset(at: 0) == 0)
        #expect(throws: SchedulerError.self) { try TimeZoneRules(identifier: "Europe/Berlin", database: "/nonexistent") }
    }

    @Test func everyPrefixOfAZoneFileIsRefusedOrRead() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
        for length in 0..<bytes.count - 1 where length % 7 == 0 || length > bytes.count - 60 {
            do {
                _ = try TimeZoneRules(identifier: "x", bytes: Array(bytes.prefix(length)))
                // Only a cut inside the footer can leave a text that still is a rule.
                #expect(length > bytes.count - 40)
            } catch {
                #expect(error.code == .invalidTimeZone)
            }
        }
    }

    @Test(arguments: [
        "", "CET", "C1", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "<+01-1", "UTC99999",
    ])
    func aFooterThatIsNoRuleIsRefused(text: String) {
        #expect(TimeZoneTail(text) == nil)
    }

    @Test func dayNumbersWithAndWithoutLeapDayAreRules() throws {
        let tail = try #require(TimeZoneTail("AAA3BBB,J60/0,59/0"))
        guard case .alternating(_, _, let start, let end) = tail else {
            Issue.record("expected two offsets")
            return
        }
        let march1 = try #require(CivilDate(year: 2028, month: 3, day: 1)).daysSinceEpoch * 86_400
        #expect(start.wallClock(in: 2028) == march1)
        #expect(end.wallClock(in: 2028) == march1 - 86_400)
    }

    @Test func weekdaysAndMonthsCountOnBothSidesOf1970() throws {
        #expect(CivilDate.weekday(ofDay: 20_780) == 1)
        #expect(CivilDate.weekday(ofDay: -1) == 3)
        let december = try #require(CivilDate(year: 1969, month: 12, day: 31))
        #expect(december.startOfNextMonth == 0)
    }

    @Test(.enabled(if: ReferenceImplementation.has("zoneinfo"), "install python3 to run"))
    func offsetsOfAllZonesEqualThoseOfPython() throws {
        let program = """
            import sys
            from datetime import datetime
            from zoneinfo import ZoneInfo
            for line in sys.stdin:
                zone, at = line.split("|")
                print(int(datetime.fromtimestamp(int(at), ZoneInfo(zone)).utcoffset().total_seconds()))
            """
        let zones = try String(contentsOf: URL(filePath: "/usr/share/zoneinfo/zone1970.tab"), encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("#") }.map { String($0.split(separator: "\t")[2]) }
        var generator = SeededGenerator(seed: 1)
        var questions: [(zone: String, at: Int)] = []
        for zone in zones {
            let rules = try TimeZoneRules(identifier: zone)
            for _ in 0..<8 {
                let at = Int.random(in: -2_000_000_000...4_000_000_000, using: &generator)
                questions.append((zone, at))
                if let end = rules.period(at: at).end {
                    questions += [(zone, end - 1), (zone, end)]
                }
            }
        }
        let answers = try ReferenceImplementation.answers(to: questions.map { "\($0.zone)|\($0.at)" }, program: program)
        try #require(answers.count == questions.count)
        for (question, answer) in zip(questions, answers) {
            let offset = try TimeZoneRules(identifier: question.zone).offset(at: question.at)
            #expect("\(offset)" == answer, "\(question.zone) at \(question.at)")
        }
    }
}
