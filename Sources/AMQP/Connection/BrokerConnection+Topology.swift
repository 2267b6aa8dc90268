/// Exchanges, queues and bindings. Declaring what exists with the same properties changes nothing.
///
/// A refusal (`.preconditionFailed`, `.notFound`, `.accessRefused`, `.resourceLocked`) is a channel error: it ends the
/// connection, so check topology on a connection that does nothing else.
extension BrokerConnection {
    /// What a queue holds now.
    package struct QueueState: Sendable, Hashable {
        package let name: String
        /// Ready to be delivered; unsettled ones do not count.
        package let messages: Int
        package let consumers: Int
    }

    /// Declares an exchange, or with `passive` only checks that the name exists (its properties are not compared then).
    ///
    /// - Parameter type: `direct`, `fanout`, `topic`, `headers`.
    package func declareExchange(
        _ name: String, type: String, durable: Bool = true, passive: Bool = false, arguments: HeaderTable = [:]
    ) async throws(AMQPError) {
        _ = try await call([
            .declareExchange(name: name, type: type, durable: durable, passive: passive, arguments: arguments)
        ])
    }

    package func deleteExchange(_ name: String) async throws(AMQPError) {
        _ = try await call([.deleteExchange(name: name)])
    }

    /// Declares a queue, or with `passive` only checks that the name exists (its properties are not compared then).
    ///
    /// - Parameter name: "" lets the broker choose one, which the result tells.
    /// - Throws: `.preconditionFailed` naming the argument that differs from the queue that is there.
    @discardableResult
    package func declareQueue(
        _ name: String, durable: Bool = true, exclusive: Bool = false, autoDelete: Bool = false, passive: Bool = false,
        arguments: HeaderTable = [:]
    ) async throws(AMQPError) -> QueueState {
        let response = try await call([
            .declareQueue(
                name: name, durable: durable, exclusive: exclusive, autoDelete: autoDelete, passive: passive,
                arguments: arguments)
        ])
        guard case .queue(let name, let messages, let consumers) = response else {
            throw AMQPError(.protocolViolation, "declaring queue \(name): the answer holds no counts")
        }
        return QueueState(name: name, messages: Int(messages), consumers: Int(consumers))
    }

    package func bindQueue(
        _ name: String, to exchange: String, routingKey: String, arguments: HeaderTable = [:]
    ) async throws(AMQPError) {
        _ = try await call([
            .bindQueue(name: name, exchange: exchange, routingKey: routingKey, arguments: arguments)
        ])
    }

    package func unbindQueue(
        _ name: String, from exchange: String, routingKey: String, arguments: HeaderTable = [:]
    ) async throws(AMQPError) {
        _ = try await call([
            .unbindQueue(name: name, exchange: exchange, routingKey: routingKey, arguments: arguments)
        ])
    }

    /// Drops the messages that are ready.
    ///
    /// - Returns: how many.
    @discardableResult
    package func purgeQueue(_ name: String) async throws(AMQPError) -> Int {
        messageCount(try await call([.purgeQueue(name: name)]))
    }

    /// Deletes a queue with its messages; one that does not exist is no error.
    ///
    /// - Returns: how many messages went with it.
    @discardableResult
    package func deleteQueue(
        _ name: String, onlyIfUnused: Bool = false, onlyIfEmpty: Bool = false
    ) async throws(AMQPError) -> Int {
        messageCount(
            try await call([.deleteQueue(name: name, onlyIfUnused: onlyIfUnused, onlyIfEmpty: onlyIfEmpty)]))
    }

    private func messageCount(_ response: ChannelResponse) -> Int {
        if case .messages(let count) = response { Int(count) } else { 0 }
    }
}
