package import Archive
import FoundationEssentials
package import Runtime

/// Refuses to work where this machine's clock and a store's disagree: deadlines, views and names of outcomes are by this one, and
/// garbage collection goes by the other.
package final class ClockCheck: Sendable {
    /// Seconds that the two may differ by; a store tells its time to the second.
    package static let tolerance = 60.0
    /// How long a check that passed holds.
    package static let interval = Duration.seconds(60)

    private let passed = Lock<[String: Duration]>([:])
    private let now: @Sendable () -> Timestamp
    private let uptime: @Sendable () -> Duration

    /// - Parameters:
    ///   - now: by this machine's clock.
    ///   - uptime: never goes back.
    package init(
        now: @escaping @Sendable () -> Timestamp = { .now() }, uptime: @escaping @Sendable () -> Duration = ByteRate.monotonicTime
    ) {
        self.now = now
        self.uptime = uptime
    }

    /// Asks the store for its time, at most once an interval as long as it agrees.
    ///
    /// - Throws: `WorkerError(.missingHere)` naming both times; `ArchiveError`.
    package func check(_ store: any ObjectStore) throws {
        let start = uptime()
        if let last = passed.withLock({ $0[store.location] }), start - last < Self.interval { return }
        let before = now().secondsSinceEpoch
        let there = try store.now().timeIntervalSince1970
        let after = now().secondsSinceEpoch
        guard (before - Self.tolerance...max(before, after) + Self.tolerance).contains(there) else {
            throw WorkerError(
                .missingHere,
                "this worker's clock says \(Timestamp(secondsSinceEpoch: after)) and that of \(store.location) "
                    + "\(Timestamp(secondsSinceEpoch: there)), more than \(Int(Self.tolerance)) s apart: synchronise them (NTP)")
        }
        passed.withLock { $0[store.location] = start }
    }
}
