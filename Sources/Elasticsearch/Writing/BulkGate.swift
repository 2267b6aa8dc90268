import Runtime

/// One cluster's `BulkPace`, shared by all that loads into it from this process: its pressure is felt once.
package final class BulkGate: Sendable {
    private let pace: Lock<BulkPace>

    package init(_ pace: BulkPace = BulkPace()) { self.pace = Lock(pace) }

    /// Bodies of at most so many bytes, one at a time: for a caller on its own.
    package init(bodyBytes: Int) {
        var limits = BulkPace.Limits()
        limits.firstBody = bodyBytes
        limits.largestBody = bodyBytes
        pace = Lock(BulkPace(limits: limits))
    }

    package var bodyBytes: Int { pace.withLock { $0.bodyBytes } }

    /// How many requests may be in flight now.
    package var requests: Int { pace.withLock { $0.requests } }

    package func join() { pace.withLock { $0.join() } }

    package func leave() {
        pace.withLock { $0.leave() }
        pace.notifyAll()
    }

    /// Lets those that wait look again whether they are still wanted.
    package func wake() { pace.notifyAll() }

    /// Blocks until one more request may be sent.
    ///
    /// - Returns: when it begins; nil when it is not wanted any more.
    func begin(isCancelled: () -> Bool) -> ContinuousClock.Instant? {
        pace.wait { pace -> ContinuousClock.Instant?? in
            if isCancelled() { return .some(nil) }
            guard pace.mayBegin else { return nil }
            let now = ContinuousClock.now
            pace.begin(at: now)
            return now
        }
    }

    func end(bytes: Int, refusal: BulkPace.Refusal?, begun: ContinuousClock.Instant) {
        pace.withLock { $0.end(bytes: bytes, refusal: refusal, begun: begun, at: .now) }
        pace.notifyAll()
    }
}
