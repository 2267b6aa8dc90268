package import Messages
package import Runtime

/// Whether a failed backup is tried again, and when, by the plan's retryConfig: a pure value, looked at again until it says `never` or `now`.
package struct Retry: Sendable {
    package enum Decision: Hashable, Sendable {
        /// Nothing follows: it was ended on purpose, or a later run of the plan has taken its place, or the plan is not to be retried any more.
        case never
        /// Stash's `nextRetry`.
        case later(Timestamp)
        /// The new session has so many retries left.
        case now(retryLeft: Int)
    }

    /// Conditions of an end that no retry changes: someone wanted it, or the plan's next run is due already.
    private static let ends: Set<String> = ["Cancelled", "Expired"]

    /// - Parameters:
    ///   - failed: a session that is Failed, with retries left.
    ///   - configuration: the plan as it is now; nil when it is gone. Whether it is paused makes no difference: a pause stops the schedule.
    ///   - isSuperseded: whether the plan has a later session, other than a skipped one.
    package static func decision(
        on failed: LedgerSession, of configuration: RetryConfig?, isSuperseded: Bool, now: Timestamp
    ) -> Decision {
        guard let configuration, let left = failed.retryLeft, left > 0, !isSuperseded,
            !failed.conditions.contains(where: { ends.contains($0.type) })
        else { return .never }
        let due = (failed.finishedAt ?? failed.createdAt) + configuration.delay.duration
        return due <= now ? .now(retryLeft: left - 1) : .later(due)
    }
}
