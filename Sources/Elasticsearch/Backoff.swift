/// How often and how long to wait before something is tried again: doubling pauses, each shortened by up to a half at random.
package struct Backoff: Sendable {
    /// Tries after the first one.
    package var retries: Int
    package var initial: Duration
    package var maximum: Duration

    package init(retries: Int = 7, initial: Duration = .milliseconds(250), maximum: Duration = .seconds(20)) {
        self.retries = retries
        self.initial = initial
        self.maximum = maximum
    }

    /// Pause before retry number `retry` (from 0); nil when there is none left.
    /// - Parameter randomness: 0..<1.
    package func pause(beforeRetry retry: Int, randomness: Double) -> Duration? {
        guard retry < retries else { return nil }
        var pause = initial
        for _ in 0..<retry where pause < maximum { pause *= 2 }
        return min(pause, maximum) * (1 - randomness / 2)
    }
}
