import Crypto
package import Messages
import Runtime

/// Spreads the plans of one slot over a span of time, so that not everything starts at 02:00 sharp.
///
/// The delay follows from the plan's namespace and name alone, so it is the same for every Scheduler, after every restart and for every slot:
/// the time between two runs stays that of the schedule, and whoever saw one run knows when the next is.
package enum Jitter {
    /// Whole seconds from 0 up to `span`, which is left out; none for less than a second.
    package static func delay(within span: StashDuration, namespace: String, name: String) throws -> Duration {
        let seconds = UInt64(span.milliseconds / 1_000)
        guard seconds > 0 else { return .zero }
        // The length keeps ("a", "bc") and ("ab", "c") apart.
        let digest = try SHA256.digest(of: Array("\(namespace.utf8.count):\(namespace)/\(name)".utf8))
        let number = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return .seconds(Int64(number % seconds))
    }
}
