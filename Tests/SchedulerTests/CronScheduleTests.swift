import Messages
import Runtime
import Testing

@testable import Scheduler

@Suite struct CronScheduleTests {
    private let daily: CronSchedule
    private let noon: Timestamp

    init() throws {
        daily = CronSchedule(expression: try CronExpression("0 2 * * *"), zone: .utc)
        noon = try moment("2026-11-23T12:00:00Z")
    }

    private func state(handledUntil: Timestamp, lastSlot: Timestamp? = nil) -> CronSchedule.State {
        CronSchedule.State(rule: daily.rule, knownSince: noon - 1e8, handledUntil: handledUntil, lastSlot: lastSlot)
    }

    @Test func aNewScheduleStartsAtNowAndFiresItsNextSlotOnce() throws {
        let slot = try moment("2026-11-24T02:00:00Z")
        var (state, actions) = daily.advance(nil, to: noon, isPaused: false)
        #expect(actions.isEmpty)
        (state, actions) = daily.advance(state, to: slot - 1, isPaused: false)
        #expect(actions.isEmpty)
        (state, actions) = daily.advance(state, to: slot, isPaused: false)
        #expect(actions == [.fire(slot: slot, missed: 0)])
        #expect(state.lastSlot == slot)
        (state, actions) = daily.advance(state, to: slot, isPaused: false)
        #expect(actions.isEmpty)
        (state, actions) = daily.advance(state, to: slot + 60, isPaused: false)
        #expect(actions.isEmpty)
    }

    @Test func missedSlotsAreOneRunOfTheLatest() throws {
        let (next, actions) = daily.advance(state(handledUntil: noon - 5 * 86_400), to: noon, isPaused: false)
        let latest = try moment("2026-11-23T02:00:00Z")
        #expect(actions == [.fire(slot: latest, missed: 4)])
        #expect(next.handledUntil == noon)
    }

    @Test func twoYearsOfMissedMinutesAreOneRunToo() throws {
        let minutely = CronSchedule(
            expression: try CronExpression("* * * * *"), zone: try TimeZoneRules(identifier: "Europe/Berlin"))
        let old = CronSchedule.State(rule: minutely.rule, knownSince: noon, handledUntil: noon - 2 * 366 * 86_400)
        #expect(minutely.advance(old, to: noon, isPaused: false).actions == [.fire(slot: noon, missed: 1_000)])
    }

    @Test func aYearlySlotThatWasMissedLongAgoIsFound() throws {
        let yearly = CronSchedule(expression: try CronExpression("0 0 29 2 *"), zone: .utc)
        let old = CronSchedule.State(rule: yearly.rule, knownSince: noon, handledUntil: try moment("2020-01-01T00:00:00Z"))
        let slot = try moment("2024-02-29T00:00:00Z")
        #expect(yearly.advance(old, to: noon, isPaused: false).actions == [.fire(slot: slot, missed: 1)])
    }

    @Test func slotsOfAPauseAreNotMadeUpFor() throws {
        var (state, actions) = daily.advance(state(handledUntil: noon), to: noon + 3 * 86_400, isPaused: true)
        #expect(actions.isEmpty && state.isPaused)
        (state, actions) = daily.advance(state, to: noon + 3 * 86_400 + 60, isPaused: false)
        #expect(actions.isEmpty && !state.isPaused)
        let slot = try moment("2026-11-27T02:00:00Z")
        #expect(daily.advance(state, to: slot, isPaused: false).actions == [.fire(slot: slot, missed: 0)])
    }

    @Test func aChangedScheduleOrZoneStartsAfresh() throws {
        let old = state(handledUntil: noon - 86_400, lastSlot: noon - 86_400)
        let changes = [
            CronSchedule(expression: try CronExpression("0 10 * * *"), zone: .utc),
            CronSchedule(expression: daily.expression, zone: try TimeZoneRules(identifier: "Europe/Berlin")),
        ]
        for changed in changes {
            let (next, actions) = changed.advance(old, to: noon, isPaused: false)
            #expect(actions.isEmpty)
            #expect(
                next
                    == CronSchedule.State(rule: changed.rule, knownSince: noon - 1e8, handledUntil: noon, lastSlot: noon - 86_400)
            )
        }
    }

    @Test func aSmallStepBackOfTheClockFiresNothingTwice() throws {
        let slot = try moment("2026-11-23T02:00:00Z")
        let fired = state(handledUntil: slot, lastSlot: slot)
        let (back, actions) = daily.advance(fired, to: slot - 30, isPaused: false)
        #expect(actions.isEmpty)
        #expect(daily.advance(back, to: slot + 30, isPaused: false).actions.isEmpty)
    }

    @Test func aStateFromTheFarFutureDoesNotStopTheSchedule() throws {
        let (next, actions) = daily.advance(state(handledUntil: noon + 30 * 86_400), to: noon, isPaused: false)
        #expect(actions.isEmpty)
        #expect(daily.advance(next, to: noon + 86_400, isPaused: false).actions.count == 1)
    }

    @Test(
        arguments: [
            ("*/5 * * * *", 300.0), ("0 2 * * *", 86_400), ("0 9 * * 1-5", 259_200), ("0 0 1 * *", 2_678_400),
            ("*/5 8-18 * * *", 47_100), ("@hourly", 3_600),
        ] as [(String, Double)])
    func expectedIntervalIsTheLongestOfTheSchedule(expression: String, seconds: Double) throws {
        let schedule = CronSchedule(expression: try CronExpression(expression), zone: .utc)
        #expect(schedule.longestInterval(from: noon)?.seconds == seconds)
    }

    @Test func aScheduleThatNeverFiresHasNoInterval() throws {
        let never = CronSchedule(expression: try CronExpression("0 0 31 2 *"), zone: .utc)
        #expect(never.longestInterval(from: noon) == nil)
        #expect(
            never.advance(
                CronSchedule.State(rule: never.rule, knownSince: noon, handledUntil: noon), to: noon + 1e6, isPaused: false
            ).actions.isEmpty)
    }
}

/// A schedule whose runs come after their slots.
@Suite struct JitterTests {
    private let slot: Timestamp
    private let schedule: CronSchedule

    init() throws {
        slot = try moment("2026-11-24T02:00:00Z")
        schedule = CronSchedule(expression: try CronExpression("0 2 * * *"), zone: .utc, delay: .seconds(240))
    }

    @Test func aSlotFiresAfterItsDelayUnderItsOwnName() throws {
        var (state, actions) = schedule.advance(nil, to: slot - 3_600, isPaused: false)
        #expect(actions.isEmpty)
        #expect(schedule.nextRun(after: state) == slot + 240)
        (state, actions) = schedule.advance(state, to: slot + 239, isPaused: false)
        #expect(actions.isEmpty)
        (state, actions) = schedule.advance(state, to: slot + 240, isPaused: false)
        #expect(actions == [.fire(slot: slot, missed: 0)])
        #expect(schedule.nextRun(after: state) == slot + 86_640)
    }

    @Test func aPlanThatIsNewBetweenSlotAndRunDoesNotRun() {
        var (state, actions) = schedule.advance(nil, to: slot + 60, isPaused: false)
        #expect(actions.isEmpty)
        (state, actions) = schedule.advance(state, to: slot + 300, isPaused: false)
        #expect(actions.isEmpty)
        #expect(schedule.nextRun(after: state) == slot + 86_640)
    }

    /// As when the annotation is changed between a slot and its run.
    @Test func anotherDelayFiresNoSlotTwice() {
        let prompt = CronSchedule(expression: schedule.expression, zone: .utc)
        var (state, actions) = prompt.advance(
            prompt.advance(nil, to: slot - 60, isPaused: false).state, to: slot, isPaused: false)
        #expect(actions.count == 1)
        (state, actions) = schedule.advance(state, to: slot + 600, isPaused: false)
        #expect(actions.isEmpty && state.lastSlot == slot)
    }

    @Test func theDelayFollowsFromThePlanAloneAndLiesWithinItsSpan() throws {
        let span = try #require(StashDuration("5m"))
        let delays = try (0..<300).map { try Jitter.delay(within: span, namespace: "demo", name: "plan-\($0)") }
        #expect(delays.allSatisfy { $0 >= .zero && $0 < .seconds(300) })
        // Half of the span holds about half of the plans.
        #expect((100...200).contains(delays.count { $0 < .seconds(150) }))
        #expect(try Jitter.delay(within: span, namespace: "demo", name: "plan-7") == delays[7])
        #expect(try Jitter.delay(within: span, namespace: "demop", name: "lan-7") != delays[7])
        #expect(try Jitter.delay(within: .zero, namespace: "demo", name: "plan-7") == .zero)
        // Pinned: two versions of the program must agree.
        #expect(try Jitter.delay(within: span, namespace: "demo", name: "nightly") == .seconds(270))
    }
}
