import Runtime
import Sessions

/// A token bucket that says how long to wait after bytes were moved, so that no span of time sees more than its rate and one burst.
///
/// Bytes are counted after the fact: what is moved is a page or a frame, whose size is known when it is there. Time comes in.
struct RateLimit: Sendable, Equatable {
    /// Above 0.
    let bytesPerSecond: Double
    /// Bytes that may still pass without a wait, at most `burstSeconds` worth; below 0 they are owed.
    private var balance: Double
    private var countedAt: ContinuousClock.Instant

    /// What an idle moment saves up, in seconds of the rate.
    private static let burstSeconds = 0.25

    /// - Parameter bytesPerSecond: values below 1 count as 1.
    init(bytesPerSecond: Int, at instant: ContinuousClock.Instant = .now) {
        self.bytesPerSecond = Double(max(1, bytesPerSecond))
        balance = 0
        countedAt = instant
    }

    /// One unit's even share of the session's rate; nil where the session has none.
    ///
    /// As many units are at work at once as the window lets, or as there are slices.
    init?(of plan: PlanEntry, at instant: ContinuousClock.Instant = .now) {
        guard let rate = plan.maxBytesPerSecond else { return nil }
        self.init(bytesPerSecond: rate / max(1, min(plan.window, plan.slices.count)), at: instant)
    }

    /// Counts bytes as moved.
    /// - Returns: how long to wait before any more are moved; zero or more.
    mutating func count(_ bytes: Int, at instant: ContinuousClock.Instant = .now) -> Duration {
        let elapsed = max(0, (instant - countedAt) / .seconds(1))
        balance = min(balance + elapsed * bytesPerSecond, Self.burstSeconds * bytesPerSecond) - Double(bytes)
        countedAt = max(countedAt, instant)
        return balance >= 0 ? .zero : .seconds(-balance / bytesPerSecond)
    }
}

extension UnitGuard {
    /// Waits, in pieces short enough to notice within a moment that the unit must stop; a drain ends the wait.
    ///
    /// A unit whose budget is spent waits all the same: its successor begins without its debt.
    /// - Parameters:
    ///   - moved: bytes that the unit has moved so far.
    ///   - sleep: blocks the thread; replaced by tests.
    /// - Throws: `WorkerError` when the unit must stop and leave nothing.
    mutating func wait(_ pause: Duration, moved: Int, sleep: (Duration) -> Void) throws {
        var left = pause
        while left > .zero, !isDraining() {
            let piece = min(left, .milliseconds(200))
            sleep(piece)
            left -= piece
            _ = try isSpent(moved: moved)
        }
    }
}
