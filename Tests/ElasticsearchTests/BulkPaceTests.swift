import Testing

@testable import Elasticsearch

/// The size and number of bulk requests, against servers made of two numbers: no clock, no network.
@Suite struct BulkPaceTests {
    let start = ContinuousClock.now

    /// Lets a server answer for `seconds`, whose throughput a setting decides.
    ///
    /// - Returns: the moment after.
    private func run(
        _ pace: inout BulkPace, from begin: ContinuousClock.Instant, seconds: Double,
        rate: (_ bytes: Int, _ requests: Int) -> Double
    ) -> ContinuousClock.Instant {
        var now = begin
        while now - begin < .seconds(seconds) {
            let (bytes, requests) = (pace.bodyBytes, pace.requests)
            let begun = now
            var sent = 0
            while pace.mayBegin {
                pace.begin(at: now)
                sent += 1
            }
            now += .seconds(Double(bytes * sent) / rate(bytes, requests))
            for _ in 0..<sent { pace.end(bytes: bytes, refusal: nil, begun: begun, at: now) }
        }
        return now
    }

    @Test func bothGrowWhileThatHelps() {
        var pace = BulkPace()
        pace.join()
        #expect(pace.bodyBytes == 2 << 20 && pace.requests == 4)
        _ = run(&pace, from: start, seconds: 60) { bytes, requests in 10e6 * Double(requests) * (Double(bytes) / 1e6).squareRoot()
        }
        #expect(pace.bodyBytes == 10_000_000 && pace.requests == 4)
    }

    @Test func whatBringsNothingIsTakenBack() {
        var pace = BulkPace()
        pace.join()
        pace.join()
        _ = run(&pace, from: start, seconds: 15) { _, _ in 10e6 }
        #expect(pace.bodyBytes == 2 << 20 && pace.requests == 4)
    }

    @Test func growthStopsWhereTheServerIsFull() {
        var pace = BulkPace()
        for _ in 0..<2 { pace.join() }
        _ = run(&pace, from: start, seconds: 18) { _, requests in 10e6 * Double(min(requests, 6)) }
        #expect(pace.requests == 6)
    }

    @Test func eachUnitBringsFourRequestsAtMost() {
        var pace = BulkPace()
        pace.join()
        pace.join()
        let now = run(&pace, from: start, seconds: 100) { _, requests in 10e6 * Double(requests) }
        #expect(pace.requests == 8)
        pace.leave()
        #expect(pace.requests == 4)
        _ = run(&pace, from: now, seconds: 30) { _, requests in 10e6 * Double(requests) }
        #expect(pace.requests == 4)
    }

    @Test(arguments: [
        (BulkPace.Refusal.busy, 2, 2 << 20), (.memory, 2, 1 << 20), (.timeout, 4, 1 << 20), (.tooLarge, 4, 1 << 20),
    ])
    func pressureHalves(_ refusal: BulkPace.Refusal, requests: Int, bodyBytes: Int) {
        var pace = BulkPace()
        pace.join()
        pace.begin(at: start)
        pace.end(bytes: 2 << 20, refusal: refusal, begun: start, at: start + .seconds(1))
        #expect(pace.requests == requests && pace.bodyBytes == bodyBytes && pace.inFlight == 0)
    }

    @Test func requestsOnTheirWayTellOfTheSamePressure() {
        var pace = BulkPace()
        pace.join()
        let full = run(&pace, from: start, seconds: 60) { _, requests in 10e6 * Double(requests) }
        #expect(pace.requests == 4)
        for _ in 0..<4 { pace.begin(at: full) }
        for step in 1...4 { pace.end(bytes: 1000, refusal: .busy, begun: full, at: full + .milliseconds(step)) }
        #expect(pace.requests == 2)
        pace.begin(at: full + .seconds(1))
        pace.end(bytes: 1000, refusal: .busy, begun: full + .seconds(1), at: full + .seconds(2))
        #expect(pace.requests == 1)
    }

    @Test func itIsNeverLessThanOneSmallRequest() {
        var pace = BulkPace()
        pace.join()
        for second in 0..<50 {
            let now = start + .seconds(second)
            pace.begin(at: now)
            pace.end(bytes: 0, refusal: .memory, begun: now, at: now + .milliseconds(500))
        }
        #expect(pace.requests == 1 && pace.bodyBytes == 64 << 10)
    }

    @Test func whatIsTooLargeOnceIsNeverTriedAgain() {
        var pace = BulkPace()
        pace.join()
        pace.begin(at: start)
        pace.end(bytes: 2 << 20, refusal: .tooLarge, begun: start, at: start + .seconds(1))
        _ = run(&pace, from: start + .seconds(1), seconds: 200) { bytes, _ in Double(bytes) * 100 }
        #expect(pace.bodyBytes == 1 << 20)
    }

    @Test func itRecoversAfterPressure() {
        var pace = BulkPace()
        pace.join()
        pace.begin(at: start)
        pace.end(bytes: 1 << 20, refusal: .memory, begun: start, at: start + .seconds(1))
        #expect(pace.requests == 2)
        _ = run(&pace, from: start + .seconds(1), seconds: 60) { bytes, requests in Double(bytes) * Double(requests) }
        #expect(pace.requests == 4 && pace.bodyBytes == 10_000_000)
    }

    @Test func anIdleHourIsNoSlowServer() {
        var pace = BulkPace()
        pace.join()
        var now = run(&pace, from: start, seconds: 1) { _, requests in 10e6 * Double(requests) }
        for _ in 0..<40 { now = run(&pace, from: now + .seconds(3600), seconds: 0.5) { _, requests in 10e6 * Double(requests) } }
        #expect(pace.requests == 4)
    }
}
