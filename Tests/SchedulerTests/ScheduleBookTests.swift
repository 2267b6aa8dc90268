import Messages
import Runtime
import Testing

@testable import Scheduler

@Suite struct ScheduleBookTests {
    private let noon: Timestamp
    private let plan = PlanName(namespace: "demo", name: "nightly")

    init() throws { noon = try moment("2026-11-23T12:00:00Z") }

    private func configuration(_ schedule: String?, zone: String? = nil, jitter: String? = nil) -> BackupConfiguration {
        var made = BackupConfiguration(
            metadata: ObjectMeta(
                name: plan.name, namespace: plan.namespace, annotations: jitter.map { ["sheaf.dev/jitter": $0] } ?? [:]),
            spec: .init(target: .init(ref: TargetRef(name: "es")), repository: ObjectReference(name: "disk")))
        (made.spec.schedule, made.spec.timeZone) = (schedule, zone)
        return made
    }

    /// Brings the book to `now` as the ticker does; the slot that fired.
    private func tick(_ book: inout ScheduleBook, _ now: Timestamp, isPaused: Bool = false) -> Timestamp? {
        guard let schedule = book.due(plan, now: now, isPaused: isPaused) else { return nil }
        let (state, actions) = schedule.advance(book.state(of: plan), to: now, isPaused: isPaused)
        book.settle(state, of: plan, now: now)
        if case .fire(let slot, _)? = actions.first { return slot }
        return nil
    }

    @Test func aPlanIsLookedAtWhenItIsNewDueOrPausedAndNotBetween() throws {
        var book = ScheduleBook()
        try book.take(configuration("0 2 * * *"))
        let slot = try moment("2026-11-24T02:00:00Z")
        #expect(book.due(plan, now: noon, isPaused: false) != nil)
        #expect(tick(&book, noon) == nil)
        #expect(book.summary(of: plan) == .init(knownSince: noon, expectedInterval: .seconds(86_400), nextRun: slot))
        #expect(book.due(plan, now: slot - 1, isPaused: false) == nil)
        #expect(book.due(plan, now: noon + 5, isPaused: true) != nil)
        #expect(tick(&book, slot) == slot)
        #expect(book.due(plan, now: slot, isPaused: false) == nil)
        // Untouched manifests change nothing.
        try book.take(configuration("0 2 * * *"))
        #expect(book.due(plan, now: slot + 5, isPaused: false) == nil)
        #expect(book.nextRun(of: plan, after: slot) == slot + 86_400)
    }

    /// The ledger's word is for the page alone: what is due is decided on later.
    @Test func whatTheLedgerRemembersIsShownBeforeAnythingIsDecided() throws {
        var book = ScheduleBook()
        try book.take(configuration("0 2 * * *"))
        #expect(book.isUnknown(plan))
        let slot = try moment("2026-11-23T02:00:00Z")
        let state = CronSchedule.State(rule: "0 2 * * * UTC", knownSince: slot - 86_400, handledUntil: slot)
        book.recall(state, of: plan, now: noon)
        #expect(!book.isUnknown(plan))
        let summary = ScheduleBook.Summary(
            knownSince: slot - 86_400, expectedInterval: .seconds(86_400), nextRun: slot + 86_400)
        #expect(book.summary(of: plan) == summary)
        #expect(book.state(of: plan) == nil && book.due(plan, now: noon, isPaused: false) != nil)
        // Another schedule is asked for anew.
        try book.take(configuration("0 * * * *"))
        #expect(book.isUnknown(plan))
        book.recall(state, of: plan, now: noon)
        #expect(book.summary(of: plan).nextRun == noon + 3_600 && book.summary(of: plan).knownSince == slot - 86_400)
        #expect(tick(&book, noon) == nil && !book.isUnknown(plan))
    }

    @Test func aPauseAndItsEndAreSeenAtOnceAndItsSlotsAreNotMadeUpFor() throws {
        var book = ScheduleBook()
        try book.take(configuration("0 * * * *"))
        #expect(tick(&book, noon + 60) == nil)
        #expect(tick(&book, noon + 120, isPaused: true) == nil)
        #expect(tick(&book, noon + 3_700, isPaused: true) == nil)
        #expect(tick(&book, noon + 3_760) == nil)
        #expect(tick(&book, noon + 7_200) == noon + 7_200)
    }

    /// As after a downtime: the state is what the ledger kept.
    @Test func whatWasMissedIsMadeUpForOnce() throws {
        var book = ScheduleBook()
        try book.take(configuration("0 * * * *"))
        let rule = "0 * * * * UTC"
        let kept = CronSchedule.State(rule: rule, knownSince: noon - 9e5, handledUntil: noon - 10 * 3_600 - 5)
        let schedule = try #require(book.due(plan, now: noon + 5, isPaused: false))
        let (state, actions) = schedule.advance(kept, to: noon + 5, isPaused: false)
        #expect(actions == [.fire(slot: noon, missed: 10)])
        book.settle(state, of: plan, now: noon + 5)
        #expect(tick(&book, noon + 6) == nil)
    }

    @Test func anotherScheduleZoneOrJitterIsTakenInAtOnceAndABadOneRunsNothing() throws {
        var book = ScheduleBook()
        try book.take(configuration("0 2 * * *"))
        _ = tick(&book, noon)
        try book.take(configuration("0 3 * * *", zone: "Europe/Berlin"))
        #expect(tick(&book, noon) == nil)
        #expect(try book.summary(of: plan).nextRun == moment("2026-11-24T02:00:00Z"))
        try book.take(configuration("0 3 * * *", jitter: "5m"))
        #expect(tick(&book, noon) == nil)
        #expect(try book.summary(of: plan).nextRun == moment("2026-11-24T03:04:30Z"))
        #expect(throws: SchedulerError.self) { try book.take(configuration("0 99 * * *")) }
        // Once told is enough.
        try book.take(configuration("0 99 * * *"))
        #expect(book.due(plan, now: noon + 1e7, isPaused: false) == nil)
        #expect(book.summary(of: plan) == .init())
        try book.take(configuration(nil))
        book.keep([])
        #expect(book.state(of: plan) == nil)
    }
}
