import Runtime

/// Deliveries between a connection's thread and the tasks that iterate a consumer; the prefetch bounds it.
final class DeliveryBuffer: Sendable {
    typealias Outcome = Result<Delivery?, AMQPError>

    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var deliveries = FIFO<Delivery>()
        var waiters: [Waiter] = []
        var nextNumber: UInt64 = 0
        var ending: Outcome?
    }

    let queue: String
    /// Bytes of a body that is kept.
    let maximumBodySize: Int
    private let state = Lock(State())

    init(queue: String, maximumBodySize: Int = BrokerConnection.defaultMaximumBodySize) {
        self.queue = queue
        self.maximumBodySize = maximumBodySize
    }

    var hasEnded: Bool { state.withLock { $0.ending != nil } }

    /// - Returns: false when the consumer has ended and nobody will take the delivery.
    func offer(_ delivery: Delivery) -> Bool {
        let (isTaken, waiter) = state.withLock { state -> (Bool, Waiter?) in
            guard state.ending == nil else { return (false, nil) }
            guard state.waiters.isEmpty else { return (true, state.waiters.removeFirst()) }
            state.deliveries.append(delivery)
            return (true, nil)
        }
        waiter?.continuation.resume(returning: .success(delivery))
        return isTaken
    }

    /// Ends the sequence now: nobody starts work on what was not taken yet.
    ///
    /// - Returns: the deliveries that nobody took.
    func end(_ error: AMQPError?) -> [Delivery] {
        let ending = error.map(Outcome.failure) ?? .success(nil)
        let (left, waiters) = state.withLock { state in
            state.ending = state.ending ?? ending
            defer { state.waiters = [] }
            return (state.deliveries.popAll(), state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(returning: ending) }
        return left
    }

    /// The next delivery; nil when the consumer was cancelled here or the calling task is.
    func next() async -> Outcome {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early = state.withLock { state -> Outcome? in
                    if Task.isCancelled { return .success(nil) }
                    if let delivery = state.deliveries.popFirst() { return .success(delivery) }
                    if let ending = state.ending { return ending }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: .success(nil))
        }
    }
}
