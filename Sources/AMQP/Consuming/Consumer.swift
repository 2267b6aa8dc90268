/// The deliveries of one queue, as a sequence that several tasks may iterate at once, each getting different ones.
///
/// At most `prefetch` deliveries are unsettled at a time. The sequence finishes after `cancel()` and for a cancelled
/// task; otherwise it ends by throwing: `.consumerCancelled` (queue deleted), `.channelClosed`, `.acknowledgementTimeout`,
/// `.connectionLost`, `.connectionClosed`. Then deliveries in hand cannot be settled and come again.
package final class Consumer: AsyncSequence, Sendable {
    package let queue: String
    package let tag: String
    private let buffer: DeliveryBuffer
    /// Keeps the connection open as long as someone consumes.
    private let connection: BrokerConnection

    init(queue: String, tag: String, buffer: DeliveryBuffer, connection: BrokerConnection) {
        self.queue = queue
        self.tag = tag
        self.buffer = buffer
        self.connection = connection
    }

    /// Whether deliveries may still come.
    package var isActive: Bool { !buffer.hasEnded }

    /// Ends the sequence; deliveries that nobody took go back to the queue, those in hand can still be settled.
    package func cancel() async throws(AMQPError) {
        guard !buffer.hasEnded else { return }
        _ = try await connection.call([.cancel(tag: tag)])
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(buffer: buffer)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let buffer: DeliveryBuffer

        package mutating func next() async throws(AMQPError) -> Delivery? {
            try await buffer.next().get()
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(AMQPError) -> Delivery? {
            try await buffer.next().get()
        }
    }
}
