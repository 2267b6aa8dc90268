import Messages
import Runtime
import Sessions
import Synchronization
import Testing

@testable import Worker

/// A unit ends at the first page after its budget, and stops at once when it is not wanted any more.
@Suite struct UnitGuardTests {
    let start = ContinuousClock.now

    private func makeGuard(
        deadline: Timestamp? = nil, journal: MemoryJournal = MemoryJournal(), isDraining: Bool = false, isOurs: Bool = true,
        isHinted: @escaping @Sendable () -> Bool = { false }
    ) -> UnitGuard {
        var settings = WorkerSettings(name: "w1")
        settings.unitBytes = 1000
        settings.unitSeconds = 60
        return UnitGuard(
            settings: settings, deadline: deadline, journal: journal, isDraining: { isDraining }, isOurs: { isOurs },
            isHinted: isHinted, startedAt: start)
    }

    private func code(_ body: () throws -> Bool) -> WorkerError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? WorkerError)?.code
        }
    }

    @Test(arguments: [(0, 0.0, false), (999, 59.9, false), (1000, 0, true), (5000, 1, true), (0, 60, true)])
    func theBudgetIsBytesOrSeconds(moved: Int, seconds: Double, isSpent: Bool) throws {
        var guardian = makeGuard()
        #expect(try guardian.isSpent(moved: moved, at: start + .seconds(seconds)) == isSpent)
    }

    @Test func aDrainingWorkerEndsTheUnitAtThisPage() throws {
        var guardian = makeGuard(isDraining: true)
        #expect(try guardian.isSpent(moved: 1, at: start))
    }

    @Test func aDeliveryThatBelongsToAnotherIsAbandonedBeforeAnythingElse() {
        var guardian = makeGuard(deadline: Samples.time, isOurs: false)
        #expect(code { try guardian.isSpent(moved: 0, at: start, Samples.time + .seconds(1)) } == .abandoned)
    }

    @Test func theDeadlineItselfIsStillInTime() throws {
        var guardian = makeGuard(deadline: Samples.time)
        #expect(try !guardian.isSpent(moved: 0, at: start, Samples.time))
        #expect(code { try guardian.isSpent(moved: 0, at: start, Samples.time + .milliseconds(1)) } == .deadlineExceeded)
    }

    @Test func anOutcomeEndsTheUnitAtTheNextLook() throws {
        let journal = MemoryJournal()
        var guardian = makeGuard(journal: journal)
        journal.entries[.outcome] = .outcome(Samples.abort)
        #expect(try !guardian.isSpent(moved: 0, at: start + .seconds(4.9)))
        #expect(code { try guardian.isSpent(moved: 0, at: start + .seconds(5)) } == .sessionEnded)
    }

    @Test func aHintMakesTheUnitLookAtOnceAndIsBelievedOnlyIfTheJournalSaysSo() throws {
        let ended = EndedSessions()
        let journal = MemoryJournal()
        var guardian = makeGuard(journal: journal, isHinted: { ended.take(Samples.session) })
        ended.insert(Samples.session)
        #expect(try !guardian.isSpent(moved: 0, at: start))
        #expect(try !guardian.isSpent(moved: 0, at: start))
        #expect(journal.reads == 1, "a hint is used up by looking")
        journal.entries[.outcome] = .outcome(Samples.abort)
        ended.insert(Samples.session)
        #expect(code { try guardian.isSpent(moved: 0, at: start) } == .sessionEnded)
    }

    @Test func theJournalIsAskedEveryFiveSecondsAndNotAtEveryPage() throws {
        let journal = MemoryJournal()
        var guardian = makeGuard(journal: journal)
        for tenth in 0..<200 { _ = try guardian.isSpent(moved: 0, at: start + .milliseconds(tenth * 100)) }
        #expect(journal.reads == 3)
    }
}
