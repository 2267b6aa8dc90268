package import AMQP
package import Runtime

/// Publishes over a connection of its own, opened when needed and again after it broke.
///
/// Every message is confirmed by the broker before `publish` returns. After a lost connection a message is sent again: receivers know
/// repetitions by their ids.
package actor MessagePublisher {
    private let address: BrokerAddress
    private let name: String
    private let attempts: Int
    private let backoff: Backoff
    private var connection: BrokerConnection?

    /// - Parameters:
    ///   - name: shown by the broker, for example `sheaf-worker w1 publish`.
    ///   - attempts: connections tried before `publish` gives up.
    package init(address: BrokerAddress, name: String, attempts: Int = 8, backoff: Backoff = Backoff(cap: .seconds(8))) {
        self.address = address
        self.name = name
        self.attempts = attempts
        self.backoff = backoff
    }

    /// Returns once the broker has all of them.
    ///
    /// - Throws: `AMQPError`, at once when it is not retryable (`.returned`: nobody takes the message), else after the last attempt.
    package func publish(_ messages: [OutgoingMessage]) async throws {
        var left = messages
        var attempt = 0
        var generator = SystemRandomNumberGenerator()
        while true {
            let failure: AMQPError
            do {
                let connection = try await open()
                var unsent: [OutgoingMessage] = []
                var first: AMQPError?
                for (message, error) in zip(left, await connection.outcomes(of: left)) {
                    guard let error else { continue }
                    if first == nil || !error.isRetryable { first = error }
                    unsent.append(message)
                }
                guard let first else { return }
                left = unsent
                failure = first
            } catch {
                failure = error
            }
            attempt += 1
            guard failure.isRetryable, attempt < attempts else { throw failure }
            try await Task.sleep(for: backoff.delay(attempt: attempt - 1, using: &generator))
        }
    }

    package func publish(_ message: OutgoingMessage) async throws { try await publish([message]) }

    package func close() async {
        await connection?.close()
        connection = nil
    }

    private func open() async throws(AMQPError) -> BrokerConnection {
        if let connection, connection.isOpen { return connection }
        let opened = try await BrokerConnection.open(address, name: name)
        connection = opened
        return opened
    }
}
