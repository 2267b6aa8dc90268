import Glibc
import Runtime

/// A number of bytes a second that any number of threads keep together, by waiting for their turn.
package final class ByteRate: Sendable {
    private let bucket: Lock<TokenBucket>
    private let clock: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) -> Void

    /// - Parameters:
    ///   - clock: time since some moment; never goes back.
    ///   - sleep: blocks the calling thread.
    package init(
        bytesPerSecond: Int, clock: @escaping @Sendable () -> Duration = ByteRate.monotonicTime,
        sleep: @escaping @Sendable (Duration) -> Void = StorePause.blockThread
    ) {
        self.clock = clock
        self.sleep = sleep
        bucket = Lock(TokenBucket(bytesPerSecond: bytesPerSecond, now: clock()))
    }

    func pay(_ bytes: Int) {
        let wait = bucket.withLock { $0.take(bytes, at: clock()) }
        if wait > .zero { sleep(wait) }
    }

    package static func monotonicTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
