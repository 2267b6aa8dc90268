package import Runtime

/// What `withReconnection` tells about its connection.
package enum ReconnectionState: Sendable {
    case connected
    /// The next attempt comes after that pause.
    case disconnected(AMQPError, retryIn: Duration)
}

/// Runs the body with an open connection, again with a new one each time it is lost, until the body returns.
///
/// The body starts from nothing each time: it checks topology, consumes, publishes what was left unknown.
/// - Throws: `CancellationError` when the task is cancelled while not in the body; what the body throws, unless the
///   connection has ended or the error is a retryable `AMQPError`; a refusal of the very first login or address, or of a
///   right on the first connection, since that is a wrong setting. Later refusals are retried: a broker may listen before it has imported its users.
package func withReconnection<Value>(
    to address: BrokerAddress, name: String, timeouts: BrokerTimeouts = BrokerTimeouts(), backoff: Backoff = Backoff(),
    onState: (ReconnectionState) async -> Void = { _ in },
    _ body: (BrokerConnection) async throws -> Value
) async throws -> Value {
    var generator = SystemRandomNumberGenerator()
    var pace = ReconnectionPace(backoff: backoff)
    var (wasConnected, isFirst) = (false, true)
    while true {
        try Task.checkCancellation()
        let problem: AMQPError
        switch await attemptOpen(address, name, timeouts) {
        case .success(let connection):
            wasConnected = true
            let start = ContinuousClock.now
            await onState(.connected)
            let outcome = await outcome(of: body, connection)
            let ending = connection.ending
            await connection.close()
            switch outcome {
            case .success(let result): return result
            case .failure(let error):
                if isFirst, (error as? AMQPError)?.code == .accessRefused { throw error }
                problem = try reasonToReconnect(error, ending)
            }
            isFirst = false
            pace.connectionEnded(after: .now - start)
        case .failure(let error):
            guard error.isRetryable || wasConnected else { throw error }
            problem = error
        }
        let pause = pace.next(using: &generator)
        await onState(.disconnected(problem, retryIn: pause))
        try await Task.sleep(for: pause)
    }
}

/// How long to wait before the next attempt.
///
/// Every connection starts the pauses anew: a broker's restart takes many attempts, and what is lost soon after it is another story,
/// for which nobody should wait half a minute. Connections that end soon, one after the other, have longer and longer pauses too.
struct ReconnectionPace {
    /// A connection that stood so long did not end soon.
    static let settledAfter = Duration.seconds(5)

    private let backoff: Backoff
    /// Attempts since the last connection, and the short connections before it.
    private var attempt = 0
    private var shortConnections = 0

    init(backoff: Backoff) { self.backoff = backoff }

    mutating func connectionEnded(after time: Duration) {
        shortConnections = time >= Self.settledAfter ? 0 : shortConnections + 1
        attempt = shortConnections
    }

    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        defer { attempt += 1 }
        return backoff.delay(attempt: attempt, using: &generator)
    }
}

private func attemptOpen(
    _ address: BrokerAddress, _ name: String, _ timeouts: BrokerTimeouts
) async -> Result<BrokerConnection, AMQPError> {
    do throws(AMQPError) {
        return .success(try await BrokerConnection.open(address, name: name, timeouts: timeouts))
    } catch {
        return .failure(error)
    }
}

private func outcome<Value>(
    of body: (BrokerConnection) async throws -> Value, _ connection: BrokerConnection
) async -> Result<Value, any Error> {
    do {
        return .success(try await body(connection))
    } catch {
        return .failure(error)
    }
}

/// What to report before the next attempt, or the body's error when a new connection would not help.
private func reasonToReconnect(_ error: any Error, _ ending: AMQPError?) throws -> AMQPError {
    if let error = error as? AMQPError, error.isRetryable || ending != nil { return error }
    guard let ending, !(error is CancellationError) else { throw error }
    return ending
}
