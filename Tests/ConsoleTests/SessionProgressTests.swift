import Messages
import Runtime
import Testing

@testable import Console

struct SessionProgressTests {
    private let sample: Sample
    private var progress: SessionProgress

    init() throws {
        sample = try Sample()
        progress = SessionProgress(session: sample.id, kind: .backup)
    }

    @Test mutating func repeatedProgressCountsOnce() {
        _ = progress.apply(sample.status(.running))
        for _ in 0..<3 { progress.apply(sample.progress("orders", 400, .stored), at: .seconds(1)) }
        #expect(progress.total(at: .seconds(1)).documents == 400)
    }

    @Test mutating func lateFiguresOfARunningUnitDoNotReplaceItsPart() {
        _ = progress.apply(sample.status(.running))
        progress.apply(sample.progress("orders", 400, .stored), at: .seconds(1))
        progress.apply(sample.progress("orders", 90), at: .seconds(2))
        #expect(progress.indices(at: .seconds(2))[0].documents == 400)
    }

    @Test mutating func aNewPointInTimeVoidsWhatWasReadAtTheOldOne() {
        _ = progress.apply(sample.status(.running))
        progress.apply(sample.progress("orders", 400, .stored), at: .seconds(1))
        progress.apply(sample.progress("orders", epoch: 1, 10), at: .seconds(2))
        progress.apply(sample.progress("orders", epoch: 0, number: 1, 300, .stored), at: .seconds(3))
        #expect(progress.indices(at: .seconds(3))[0].documents == 10)
    }

    @Test mutating func anIndexIsCompleteOnlyWhenItsPartsAreStored() {
        _ = progress.apply(sample.status(.running))
        progress.apply(sample.progress("logs", slice: 1, 500), at: .seconds(1))
        #expect(progress.indices(at: .seconds(1))[1].percent == 99)
        progress.apply(sample.progress("logs", slice: 1, 500, .stored), at: .seconds(2))
        #expect(progress.indices(at: .seconds(2))[1].percent == 100)
    }

    @Test mutating func progressMayOvertakeThePlan() {
        progress.apply(sample.progress("logs", slice: 1, 50), at: .seconds(1))
        #expect(progress.total(at: .seconds(1)).documents == 50)
        _ = progress.apply(sample.status(.running))
        #expect(progress.indices(at: .seconds(1)).map(\.name) == ["orders", "logs"])
        #expect(progress.total(at: .seconds(1)).expectedDocuments == 1500)
    }

    @Test mutating func aFinalWordOutweighsGuessesWhateverTheOrder() {
        let isFirstNew = progress.apply(sample.status(.failed, .scheduler, error: "deadline"))
        let isFinalNew = progress.apply(sample.status(.succeeded, .final))
        let isGuessNew = progress.apply(sample.status(.failed, .scheduler, error: "deadline"))
        let isStartNew = progress.apply(sample.status(.running))
        #expect([isFirstNew, isFinalNew, isGuessNew, isStartNew] == [true, true, false, false])
        #expect(progress.status?.phase == .succeeded)
    }

    @Test mutating func aLedgerWithoutIndicesIsFilledByThePlan() {
        _ = progress.apply(sample.status(.running, indices: []))
        _ = progress.apply(sample.status(.running))
        #expect(progress.status?.indices.count == 2)
    }

    @Test mutating func otherSessionsAreLeftAside() throws {
        var other = sample.progress("orders", 400)
        other.session = try #require(SessionID("another"))
        progress.apply(other, at: .seconds(1))
        #expect(progress.indices(at: .seconds(1)).isEmpty)
    }

    @Test mutating func theTimeLeftFollowsTheRate() throws {
        _ = progress.apply(sample.status(.running))
        progress.apply(sample.progress("orders", 100), at: .seconds(10))
        progress.apply(sample.progress("orders", 300), at: .seconds(12))
        let index = progress.indices(at: .seconds(12))[0]
        #expect(index.rate == RateMeter.Rate(documents: 100, bytes: 102_400))
        #expect(index.timeLeft == .seconds(7))
    }

    @Test func aPauseLowersTheRateAndTheWindowForgets() throws {
        var meter = RateMeter(window: .seconds(10))
        meter.record(documents: 0, bytes: 0, at: .zero)
        meter.record(documents: 1000, bytes: 0, at: .seconds(1))
        #expect(try #require(meter.rate(at: .seconds(10))).documents == 100)
        for second in 12...30 { meter.record(documents: 1000, bytes: 0, at: .seconds(second)) }
        #expect(try #require(meter.rate(at: .seconds(30))).documents == 0)
    }

    @Test func figuresTakenBackStartTheRateAnew() {
        var meter = RateMeter()
        meter.record(documents: 500, bytes: 5, at: .seconds(1))
        meter.record(documents: 20, bytes: 1, at: .seconds(2))
        #expect(meter.rate(at: .seconds(3)) == nil)
    }
}
