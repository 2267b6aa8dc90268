package import AMQP
package import Runtime

/// Publishes over a connection of its own, opened when needed and again after it broke.
///
/// Every message is confirmed by the broker before `publish` returns. After a lost connection a message is sent again: receivers know
/// repetitions by their ids. Any number of tasks may publish at once; they share the connection.
package actor MessagePublisher {
    private let attempts: Int
    private let backoff: Backoff
    private let makeConnection: @Sendable () async throws(AMQPError) -> BrokerConnection
    private var connection: BrokerConnection?
    private var opening: Task<Result<BrokerConnection, AMQPError>, Never>?
    private var wasConnected = false
    /// So many failures of one publish may be the queue's own; what fails more often goes over a new connection each time.
    private static let attemptsOnAChannel = 2
    /// Times that an event is sent to queues that refuse it.
    private static let announcements = 4

    /// - Parameters:
    ///   - name: shown by the broker, for example `sheaf-worker w1 publish`.
    ///   - attempts: times that a message is sent before `publish` gives up.
    package init(address: BrokerAddress, name: String, attempts: Int = 8, backoff: Backoff = Backoff(cap: .seconds(8))) {
        self.init(attempts: attempts, backoff: backoff) { () async throws(AMQPError) in
            try await BrokerConnection.open(address, name: name)
        }
    }

    /// - Parameter makeConnection: opens a connection each time it is called.
    package init(
        attempts: Int, backoff: Backoff, makeConnection: @escaping @Sendable () async throws(AMQPError) -> BrokerConnection
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.makeConnection = makeConnection
    }

    /// Returns once the broker has all of them.
    ///
    /// - Throws: `AMQPError`, at once when it is not retryable (`.returned`: nobody takes the message), else after the last attempt.
    package func publish(_ messages: [OutgoingMessage]) async throws {
        if let refusal = try await publish(messages, refusalsBorne: attempts) { throw refusal }
    }

    /// Publishes events or answers: what a queue that anybody may have bound refuses again and again counts as told.
    ///
    /// RabbitMQ refuses the publisher when one of the queues does, though the others have the message. No session may wait for a follower
    /// that lets its queue fill up.
    /// - Returns: the last refusal, where there is one.
    /// - Throws: as `publish`.
    @discardableResult package func announce(_ messages: [OutgoingMessage]) async throws -> AMQPError? {
        try await publish(messages, refusalsBorne: min(attempts, Self.announcements))
    }

    /// - Parameter refusalsBorne: after so many refusals (`.nacked`) in a row it gives up without an error.
    private func publish(_ messages: [OutgoingMessage], refusalsBorne: Int) async throws -> AMQPError? {
        guard !messages.isEmpty else { return nil }
        var refusals = 0
        var left = messages
        var attempt = 0
        var generator = SystemRandomNumberGenerator()
        while true {
            let failure: AMQPError
            var mayPass: Bool
            switch await open() {
            case .failure(let error):
                failure = error
                // As in `withReconnection`: a broker may listen before it knows its users and virtual hosts again.
                mayPass = error.isRetryable || wasConnected
            case .success(let connection):
                var unsent: [OutgoingMessage] = []
                var first: AMQPError?
                for (message, error) in zip(left, await connection.outcomes(of: left)) {
                    guard let error else { continue }
                    if first == nil || !error.isRetryable { first = error }
                    unsent.append(message)
                }
                guard let first else { return nil }
                refusals = first.code == .nacked ? refusals + 1 : 0
                if refusals >= refusalsBorne { return first }
                left = unsent
                failure = first
                mayPass = first.isRetryable
                if attempt + 1 >= Self.attemptsOnAChannel { letGo(of: connection) }
            }
            attempt += 1
            guard mayPass, attempt < attempts else { throw failure }
            try await Task.sleep(for: backoff.delay(attempt: attempt - 1, using: &generator))
        }
    }

    package func publish(_ message: OutgoingMessage) async throws { try await publish([message]) }

    /// Messages that are ready in a queue, by the same connection.
    package func messages(in queue: String) async throws -> Int {
        try await open().get().declareQueue(queue, passive: true).messages
    }

    /// Moves a delivery to the dead letters and settles it.
    ///
    /// The body of one that is too large is not here: the broker moves it as a whole, and can give no reason. Where the broker makes no dead
    /// letters, the letter has the reason and no body.
    package func bury(_ delivery: Delivery, _ envelope: Envelope, reason: String) async throws {
        guard !delivery.isTruncated || !Topology.isGivenUpByBroker(delivery.queue) else {
            return try await delivery.reject(requeue: false)
        }
        try await publish(envelope.deadLetter(delivery, reason: reason))
        try await delivery.ack()
    }

    package func close() async {
        await connection?.close()
        connection = nil
    }

    /// A channel whose first publish meets a queue without a leader may be refused for ever, on which only a new one helps.
    ///
    /// Not closed, since other tasks may wait for their confirms on it: it ends with the last of them.
    private func letGo(of refused: BrokerConnection) {
        if connection === refused { connection = nil }
    }

    /// One connection for all that wait for one.
    private func open() async -> Result<BrokerConnection, AMQPError> {
        if let connection, connection.isOpen { return .success(connection) }
        if let opening { return await opening.value }
        let task = Task { [makeConnection] () -> Result<BrokerConnection, AMQPError> in
            do throws(AMQPError) {
                return .success(try await makeConnection())
            } catch {
                return .failure(error)
            }
        }
        opening = task
        let result = await task.value
        opening = nil
        if case .success(let opened) = result {
            connection = opened
            wasConnected = true
        }
        return result
    }
}
