package import Runtime

/// How often the same request is sent again by this module itself, and with what pauses.
package struct RetryPolicy: Sendable {
    /// Tries after the first one; 0 leaves all repeating to the caller.
    package var retries: Int
    package var backoff: Backoff

    package init(retries: Int = 7, backoff: Backoff = Backoff(base: .milliseconds(500), cap: .seconds(20))) {
        self.retries = retries
        self.backoff = backoff
    }

    /// Pause before retry number `retry` (from 0); nil when there is none left.
    func pause(beforeRetry retry: Int, using generator: inout some RandomNumberGenerator) -> Duration? {
        retry < retries ? backoff.delay(attempt: retry, using: &generator) : nil
    }
}
