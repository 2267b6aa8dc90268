import Archive
import FoundationEssentials
import Runtime
import Testing

@testable import Worker

@Suite struct ClockCheckTests {
    /// Knows nothing but the time.
    private final class Clock: ObjectStore {
        let location = "clock"
        private let time: Lock<Timestamp>
        private let count = Lock(0)

        init(_ time: Timestamp) { self.time = Lock(time) }

        var asked: Int { count.withLock { $0 } }

        func set(_ moment: Timestamp) { time.withLock { $0 = moment } }

        func now() throws(ArchiveError) -> Date {
            count.withLock { $0 += 1 }
            return Date(timeIntervalSince1970: time.withLock { $0 }.secondsSinceEpoch)
        }

        func put(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult { throw Clock.unasked }
        func upload(contentsOf _: String, at _: ObjectKey) throws(ArchiveError) -> PutResult { throw Clock.unasked }
        func putInParts(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult? { throw Clock.unasked }
        func get(_: ObjectKey) throws(ArchiveError) -> [UInt8]? { throw Clock.unasked }
        func read(_: ObjectKey, _: Range<Int>) throws(ArchiveError) -> [UInt8] { throw Clock.unasked }
        func size(_: ObjectKey) throws(ArchiveError) -> Int? { throw Clock.unasked }
        func list(_: String, after _: ObjectKey?, limit _: Int) throws(ArchiveError) -> [ObjectInfo] { throw Clock.unasked }
        func delete(_: ObjectKey) throws(ArchiveError) { throw Clock.unasked }
        func removeLeftovers(olderThan _: Int) throws(ArchiveError) -> Int { throw Clock.unasked }

        private static let unasked = ArchiveError(.invalid, "only the time is asked for")
    }

    private let here = Samples.time
    private let uptime = Lock(Duration.zero)

    private func makeCheck() -> ClockCheck {
        let here = here
        let uptime = uptime
        return ClockCheck(now: { here }, uptime: { uptime.withLock { $0 } })
    }

    @Test(arguments: [0, 60, -60]) func aMinuteIsTolerated(seconds: Int) throws {
        try makeCheck().check(Clock(here + .seconds(seconds)))
    }

    @Test(arguments: [61, -61, 86_400]) func moreIsRefusedWithBothTimes(seconds: Int) {
        let there = here + .seconds(seconds)
        let error = #expect(throws: WorkerError.self) { try makeCheck().check(Clock(there)) }
        #expect(error?.code == .missingHere)
        #expect(error?.message.contains("\(here)") == true && error?.message.contains("\(there)") == true)
    }

    @Test func aStoreIsAskedOnceAMinuteWhileItAgrees() throws {
        let check = makeCheck()
        let clock = Clock(here)
        try check.check(clock)
        uptime.withLock { $0 = .seconds(59) }
        try check.check(clock)
        #expect(clock.asked == 1)
        clock.set(here + .seconds(100))
        uptime.withLock { $0 = .seconds(60) }
        for _ in 0..<2 { #expect(throws: WorkerError.self) { try check.check(clock) } }
        #expect(clock.asked == 3, "a refusal is never remembered")
        clock.set(here)
        try check.check(clock)
    }
}
