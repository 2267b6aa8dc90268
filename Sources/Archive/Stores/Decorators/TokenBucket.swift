/// Meters bytes at a rate, with a burst of what one second carries: a pure value.
///
/// Whoever takes more than there is goes into debt and waits until it is paid, so any number of bytes may be taken at once and all takers together
/// keep the rate.
package struct TokenBucket: Sendable {
    /// Bytes a second, 1...
    private let rate: Double
    private var tokens: Double
    private var filled: Duration

    /// - Parameter now: on the clock of all later calls.
    package init(bytesPerSecond rate: Int, now: Duration) {
        self.rate = Double(max(1, rate))
        tokens = self.rate
        filled = now
    }

    /// - Returns: how long the taker must wait before, or after, it moves the bytes; zero at least.
    package mutating func take(_ bytes: Int, at now: Duration) -> Duration {
        if now > filled {
            tokens = min(rate, tokens + rate * ((now - filled) / .seconds(1)))
            filled = now
        }
        tokens -= Double(bytes)
        return tokens >= 0 ? .zero : .seconds(-tokens / rate)
    }
}
