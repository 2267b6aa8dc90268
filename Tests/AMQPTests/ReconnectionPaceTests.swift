import Runtime
import Testing

@testable import AMQP

struct ReconnectionPaceTests {
    /// Always the largest number, so that each pause is its limit.
    private struct Largest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    private func pauses(_ count: Int, of pace: inout ReconnectionPace) -> [Double] {
        var generator = Largest()
        return (0..<count).map { _ in pace.next(using: &generator).seconds.rounded() }
    }

    @Test func pausesGrowWhileNoConnectionComesAbout() {
        var pace = ReconnectionPace(backoff: Backoff(base: .seconds(1), cap: .seconds(30)))
        #expect(pauses(7, of: &pace) == [1, 2, 4, 8, 16, 30, 30])
    }

    /// Otherwise a Scheduler whose broker was away for a quarter of a minute stays away for another half when its first connection is
    /// cut.
    @Test(arguments: [(6.0, [1.0, 2]), (0.1, [2, 4])]) func aConnectionStartsThemAnew(stood: Double, next: [Double]) {
        var pace = ReconnectionPace(backoff: Backoff(base: .seconds(1), cap: .seconds(30)))
        _ = pauses(6, of: &pace)
        pace.connectionEnded(after: .seconds(stood))
        #expect(pauses(2, of: &pace) == next)
    }

    @Test func connectionsThatEndAtOnceAreFewerAndFewer() {
        var pace = ReconnectionPace(backoff: Backoff(base: .seconds(1), cap: .seconds(30)))
        var all: [Double] = []
        for _ in 0..<6 {
            pace.connectionEnded(after: .milliseconds(10))
            all += pauses(1, of: &pace)
        }
        #expect(all == [2, 4, 8, 16, 30, 30])
        pace.connectionEnded(after: .seconds(60))
        #expect(pauses(1, of: &pace) == [1])
    }
}
