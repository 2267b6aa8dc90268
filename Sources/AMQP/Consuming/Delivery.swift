import Synchronization

/// A message that a consumer got and has to settle exactly once.
///
/// Settling is answered by nobody: `ack` returns once the bytes are on their way, and a message whose ack is lost with
/// the connection comes again with `isRedelivered`. A delivery that is never settled comes again too, when its connection
/// ends or the broker's acknowledgement timeout (30 minutes) closes the channel.
package struct Delivery: Sendable {
    /// Empty when `isTruncated`.
    package private(set) var body: [UInt8]
    /// Bytes of the message's body, whether or not it is here.
    package private(set) var bodySize: UInt64
    /// Bytes that its consumer takes.
    package let maximumBodySize: Int
    package let properties: MessageProperties
    package let exchange: String
    package let routingKey: String
    /// Perhaps seen before: an earlier delivery was given back, or its connection ended.
    package let isRedelivered: Bool
    /// Number of the delivery on its connection.
    package let tag: UInt64
    package let queue: String
    private let settling: Settling

    init(
        _ message: MessageAssembler.Message, tag: UInt64, queue: String,
        maximumBodySize: Int = BrokerConnection.defaultMaximumBodySize, mailbox: Mailbox
    ) {
        body = message.body
        bodySize = message.bodySize
        self.maximumBodySize = maximumBodySize
        properties = message.properties
        self.tag = tag
        self.queue = queue
        settling = Settling(mailbox)
        switch message.start {
        case .delivery(_, _, let isRedelivered, let exchange, let routingKey):
            self.isRedelivered = isRedelivered
            self.exchange = exchange
            self.routingKey = routingKey
        case .returned(_, _, let exchange, let routingKey):
            isRedelivered = false
            self.exchange = exchange
            self.routingKey = routingKey
        }
    }

    /// The body was larger than its consumer takes and is not here. A copy of this delivery would lose it for good; only the broker
    /// still has it: `reject(requeue: false)` makes a dead letter of the whole message.
    package var isTruncated: Bool { UInt64(body.count) < bodySize }

    /// How often a quorum queue gave this message out in vain; nil on the first delivery and from classic queues.
    package var deliveryCount: Int64? { properties.headers["x-delivery-count"]?.integer }

    /// The same delivery without its body, for whoever holds many and only settles them.
    package var withoutBody: Delivery {
        var copy = self
        copy.body = []
        return copy
    }

    /// Whether the connection still stands that can settle this delivery.
    package var isSettleable: Bool { settling.mailbox.ending == nil && !settling.isSettled.load(ordering: .acquiring) }

    /// Tells the broker to forget the message.
    package func ack() async throws(AMQPError) {
        try await settle(.ack)
    }

    /// Gives the message back, or to the queue's dead-letter exchange.
    package func nack(requeue: Bool) async throws(AMQPError) {
        try await settle(.nack(requeue: requeue))
    }

    /// As `nack`; RabbitMQ from 4.3 counts a requeue by reject, not one by nack.
    package func reject(requeue: Bool) async throws(AMQPError) {
        try await settle(.reject(requeue: requeue))
    }

    private func settle(_ settlement: Settlement) async throws(AMQPError) {
        guard !settling.isSettled.exchange(true, ordering: .acquiringAndReleasing) else {
            throw AMQPError(.alreadySettled, "delivery \(tag) from queue \(queue) was settled before; settle each one once")
        }
        let reply = Reply<Void>()
        settling.mailbox.post(.settle(tag: tag, settlement, reply))
        try await reply.value()
    }
}

/// The state that copies of a delivery share.
private final class Settling: Sendable {
    let mailbox: Mailbox
    let isSettled = Atomic(false)

    init(_ mailbox: Mailbox) {
        self.mailbox = mailbox
    }
}
