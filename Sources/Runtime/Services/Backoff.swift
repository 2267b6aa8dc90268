/// How long to wait before trying again: exponential with a cap and full jitter.
///
/// Full jitter (anywhere from zero to the limit) keeps many workers that failed together from coming back together.
package struct Backoff: Sendable, Equatable {
    package var base: Duration
    package var factor: Double
    package var cap: Duration

    package init(base: Duration = .milliseconds(500), factor: Double = 2, cap: Duration = .seconds(30)) {
        self.base = base
        self.factor = factor
        self.cap = cap
    }

    /// The longest wait before that retry; the first retry is attempt 0.
    package func limit(attempt: Int) -> Duration {
        var seconds = base.seconds
        var remaining = attempt
        while remaining > 0 && seconds < cap.seconds && factor > 1 {
            seconds *= factor
            remaining -= 1
        }
        return min(.seconds(seconds), cap)
    }

    /// A wait drawn evenly from zero to the limit.
    package func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        .seconds(Double.random(in: 0...limit(attempt: attempt).seconds, using: &generator))
    }
}
