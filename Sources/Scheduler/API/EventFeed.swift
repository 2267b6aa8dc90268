import Runtime

/// Hands events on to whoever follows them by HTTP, as they come.
final class EventFeed: Sendable {
    private struct State {
        var next = 0
        var followers: [Int: AsyncStream<Ledger.LoggedEvent>.Continuation] = [:]
    }

    /// Events that may wait for one follower, who else is cut off: it comes back and goes on after the last it had.
    private static let limit = 5_000
    /// Followers there may be.
    private static let capacity = 200

    /// Type of what comes every few seconds: a connection that is gone is noticed by it, and a token that was taken away ends its streams.
    static let pulse = "pulse"
    private static let interval = Duration.seconds(5)

    private let state = Lock(State())

    /// Pulses until the task is cancelled.
    func run() async throws {
        while true {
            publish(Ledger.LoggedEvent(type: Self.pulse, event: []))
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Events from now on; nil when there are too many followers. The stream ends when the follower is too slow.
    func follow() -> AsyncStream<Ledger.LoggedEvent>? {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Ledger.LoggedEvent.self, bufferingPolicy: .bufferingOldest(Self.limit))
        let number: Int? = state.withLock { state in
            guard state.followers.count < Self.capacity else { return nil }
            state.next += 1
            state.followers[state.next] = continuation
            return state.next
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: number) }
        }
        return stream
    }

    func publish(_ event: Ledger.LoggedEvent) {
        for follower in state.withLock({ Array($0.followers.values) }) {
            if case .dropped = follower.yield(event) { follower.finish() }
        }
    }
}
