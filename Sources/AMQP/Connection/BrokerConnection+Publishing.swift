extension BrokerConnection {
    /// How many messages of one list wait for their confirm at a time; twice the window keeps it full.
    private static let batch = 2 * ConnectionLoop.window

    /// Publishes and returns when the broker has confirmed the message (quorum queue: written by a majority).
    ///
    /// Messages go out in order of call, at most 64 unconfirmed at a time. A cancelled task still waits for the outcome,
    /// which has a deadline of its own.
    /// - Throws: `.nacked`, `.returned`, `.timedOut`, or the connection's end: then its fate is unknown; publish it again
    ///   on a new connection with the same message id.
    package func publish(_ message: OutgoingMessage) async throws(AMQPError) {
        try await enqueue(message).value()
    }

    /// Publishes all in order without waiting for each, and returns when all are confirmed.
    ///
    /// - Throws: the first message's error, after the outcome of all is known; others may have been confirmed.
    package func publish(_ messages: [OutgoingMessage]) async throws(AMQPError) {
        for error in await outcomes(of: messages) {
            if let error { throw error }
        }
    }

    /// Publishes all in order without waiting for each.
    ///
    /// - Returns: for each message nil when it was confirmed, else why not.
    package func outcomes(of messages: [OutgoingMessage]) async -> [AMQPError?] {
        var outcomes: [AMQPError?] = []
        outcomes.reserveCapacity(messages.count)
        var replies = FIFO<Reply<Void>>()
        for message in messages {
            if replies.count >= Self.batch, let oldest = replies.popFirst() {
                outcomes.append(await outcome(of: oldest))
            }
            replies.append(enqueue(message))
        }
        while let oldest = replies.popFirst() {
            outcomes.append(await outcome(of: oldest))
        }
        return outcomes
    }

    private func outcome(of reply: Reply<Void>) async -> AMQPError? {
        do throws(AMQPError) {
            try await reply.value()
            return nil
        } catch {
            return error
        }
    }
}
