import Runtime
import Testing

@testable import Scheduler

/// The rule of docs/scheduling.md at every change of the clock of ten years: a gap means the first instant after it, an overlap once.
@Suite struct ClockChangeTests {
    private struct Change {
        var instant: Int
        var before: Int
        var after: Int
    }

    private static let zones = [
        "Europe/Berlin", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Cairo",
    ]

    private func changes(of zone: TimeZoneRules) -> [Change] {
        var changes: [Change] = []
        var instant = 1_767_225_600
        while let end = zone.period(at: instant).end, end < 2_082_758_400 {
            changes.append(Change(instant: end, before: zone.offset(at: end - 1), after: zone.offset(at: end)))
            instant = end
        }
        return changes
    }

    /// The schedule that names this minute of the wall clock every day, and no hour beside it.
    private func daily(_ wallClock: Int) throws -> CronExpression {
        let minute = wallClock.flooredQuotient(by: 60).flooredRemainder(by: 1_440)
        return try CronExpression("\(minute % 60) \(minute / 60) * * *")
    }

    @Test(arguments: zones) func aSkippedTimeIsTheFirstInstantAfterTheGap(zone: String) throws {
        let rules = try TimeZoneRules(identifier: zone)
        let gaps = changes(of: rules).filter { $0.after > $0.before }
        #expect(gaps.count >= 9)
        for gap in gaps {
            for skipped in stride(from: gap.instant + gap.before, to: gap.instant + gap.after, by: 900) {
                let slots = try daily(skipped).slots(3, after: gap.instant - 3 * 3_600, in: rules)
                #expect(slots.first == gap.instant, "\(zone) \(gap)")
                #expect(slots.filter { $0 < gap.instant + 20 * 3_600 }.count == 1, "\(zone) \(gap)")
            }
            // All that was skipped, together with what the first instant itself would be, is one slot.
            let hours = Set(
                [gap.before, gap.after].map { (gap.instant + $0).flooredQuotient(by: 3_600).flooredRemainder(by: 24) })
            let many = try CronExpression("0-59 \(hours.sorted().map(String.init).joined(separator: ",")) * * *")
            let atChange = many.slots(400, after: gap.instant - 3 * 3_600, in: rules).filter { $0 == gap.instant }
            #expect(atChange.count == 1, "\(zone) \(gap)")
        }
    }

    @Test(arguments: zones) func aRepeatedTimeHappensOnceInItsFirstPass(zone: String) throws {
        let rules = try TimeZoneRules(identifier: zone)
        let overlaps = changes(of: rules).filter { $0.after < $0.before }
        #expect(overlaps.count >= 9)
        for overlap in overlaps {
            for repeated in stride(from: overlap.instant + overlap.after, to: overlap.instant + overlap.before, by: 900) {
                let slots = try daily(repeated).slots(3, after: overlap.instant - 12 * 3_600, in: rules)
                let sameDay = slots.filter { $0 < overlap.instant + 11 * 3_600 }
                #expect(sameDay == [repeated - overlap.before], "\(zone) \(overlap)")
            }
        }
    }

    @Test(arguments: zones) func aScheduleOfEveryHourNeitherSkipsNorRepeatsAnHour(zone: String) throws {
        let rules = try TimeZoneRules(identifier: zone)
        // Half hours of offset move the slots of an hourly schedule; those of every half hour stay in step.
        let schedule = try CronExpression("*/30 * * * *")
        for change in changes(of: rules) {
            let slots = schedule.slots(24, after: change.instant - 6 * 3_600, in: rules)
            for (earlier, later) in zip(slots, slots.dropFirst()) { #expect(later - earlier == 1_800, "\(zone) \(change)") }
        }
    }
}
