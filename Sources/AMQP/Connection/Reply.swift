import Runtime

/// The one answer that a connection's thread owes to a waiting task; the first answer counts.
final class Reply<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Result<Value, AMQPError>, Never>)
        case answered(Result<Value, AMQPError>)
    }

    private let state = Lock(State.empty)

    /// - Returns: false when it was answered before.
    @discardableResult
    func resolve(_ result: Result<Value, AMQPError>) -> Bool {
        let (isFirst, continuation) = state.withLock { state in
            let waiting: CheckedContinuation<Result<Value, AMQPError>, Never>?
            switch state {
            case .answered: return (false, CheckedContinuation<Result<Value, AMQPError>, Never>?.none)
            case .waiting(let continuation): waiting = continuation
            case .empty: waiting = nil
            }
            state = .answered(result)
            return (true, waiting)
        }
        continuation?.resume(returning: result)
        return isFirst
    }

    @discardableResult
    func fail(_ error: AMQPError) -> Bool {
        resolve(.failure(error))
    }

    /// Waits for the answer; only one task may, and cancelling it does not shorten the wait: every wait has a deadline.
    func value() async throws(AMQPError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, AMQPError>, Never>) in
            let early = state.withLock { state -> Result<Value, AMQPError>? in
                if case .answered(let result) = state { return result }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
        return try result.get()
    }
}

extension Reply<Void> {
    func succeed() {
        resolve(.success(()))
    }
}
