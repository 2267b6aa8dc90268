package import Runtime

/// Which failed calls of a store are repeated, how often and after what pauses: a pure value.
package struct StoreRetryPolicy: Sendable {
    /// Tries of one call in all, the first included; 1...
    package var attempts: Int
    package var backoff: Backoff
    /// Since the first try began; no further one begins later. A store that takes calls and never answers them holds one for this and one
    /// more stall timeout at most.
    package var budget: Duration

    package init(
        attempts: Int = 5, backoff: Backoff = Backoff(base: .milliseconds(250), cap: .seconds(10)),
        budget: Duration = .seconds(90)
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.budget = budget
    }

    /// The pause before the next try, drawn evenly from zero to the limit; nil when there is none.
    ///
    /// A full disk or quota and a lack of memory do not pass within seconds: they are the caller's to repeat, perhaps elsewhere.
    /// - Parameters:
    ///   - attempt: the number of the try that failed, from 1.
    ///   - elapsed: since the first try began.
    func pause(
        after error: ArchiveError, attempt: Int, elapsed: Duration, using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard error.code == .unreachable, error.isRetryable, attempt < attempts else { return nil }
        let pause = backoff.delay(attempt: attempt - 1, using: &generator)
        return elapsed + pause < budget ? pause : nil
    }
}
