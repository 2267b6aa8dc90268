import Runtime
import Synchronization

/// One connection to a broker with one channel in confirm mode, served by one thread.
///
/// It never reconnects: when it ends, all that waits throws, and the caller opens a new one (`withReconnection`). Any
/// channel error ends it too. Publish and consume on different connections: in an alarm the broker stops reading
/// from connections that publish, and acks would wait with them. Letting the last reference go closes it.
package final class BrokerConnection: Sendable {
    package let address: BrokerAddress
    package let name: String
    let mailbox: Mailbox
    private let timeouts: BrokerTimeouts
    private let consumerCount = Atomic(0)

    /// Connects and logs in.
    ///
    /// - Parameter name: shown by the broker in its lists and log; by convention program and role, `sheaf-worker publish`.
    /// - Throws: `.unreachable` (retryable), `.loginRefused`, `.notFound` (virtual host), `.untrusted`, `.invalidAddress`.
    package static func open(
        _ address: BrokerAddress, name: String, timeouts: BrokerTimeouts = BrokerTimeouts()
    ) async throws(AMQPError) -> BrokerConnection {
        let mailbox = try Mailbox()
        let opened = Reply<Void>()
        try ConnectionThread.start(address, name: name, timeouts: timeouts, mailbox: mailbox, opened: opened)
        try await opened.value()
        return BrokerConnection(address, name: name, timeouts: timeouts, mailbox: mailbox)
    }

    private init(_ address: BrokerAddress, name: String, timeouts: BrokerTimeouts, mailbox: Mailbox) {
        self.address = address
        self.name = name
        self.timeouts = timeouts
        self.mailbox = mailbox
    }

    deinit {
        mailbox.post(.abandon)
    }

    /// Whether calls may still succeed.
    package var isOpen: Bool { mailbox.ending == nil }

    /// Why the connection ended, nil while it is open.
    package var ending: AMQPError? { mailbox.ending }

    /// Why the broker takes no publishes at the moment (low memory or disk), nil when it takes them.
    package var blockedReason: String? { mailbox.blockedReason }

    /// Says goodbye and ends; what still waits fails with `.connectionClosed`, unsettled deliveries go back.
    package func close() async {
        let reply = Reply<Void>()
        mailbox.post(.close(reply))
        do {
            try await reply.value()
        } catch {
            // Never answered with an error; an ended connection is a closed one.
        }
    }

    /// Sends requests without another task's request between them and answers with the last response.
    func call(
        _ requests: [ChannelRequest], consumer: ConsumerRegistration? = nil
    ) async throws(AMQPError) -> ChannelResponse {
        let reply = Reply<ChannelResponse>()
        mailbox.post(.call(ChannelCall(requests: requests, consumer: consumer, reply: reply)))
        return try await reply.value()
    }

    /// Bytes of a body that a consumer takes unless it says otherwise: twice the largest message of Sheaf's own.
    package static let defaultMaximumBodySize = 32 << 20

    /// Starts consuming a queue.
    ///
    /// - Parameters:
    ///   - prefetch: how many deliveries may be unsettled at a time, 1...65535.
    ///   - maximumBodySize: bytes; a larger message arrives without its body (`Delivery.isTruncated`) and takes no memory.
    ///   - priority: a consumer with a higher one is served first as long as its prefetch allows; default 0.
    ///   - exclusive: no other consumer may read the queue.
    ///   - arguments: further `x-` arguments of basic.consume (`x-stream-offset`).
    package func consume(
        queue: String, prefetch: Int, maximumBodySize: Int = BrokerConnection.defaultMaximumBodySize, priority: Int? = nil,
        exclusive: Bool = false, arguments: HeaderTable = [:]
    ) async throws(AMQPError) -> Consumer {
        guard (1...65_535).contains(prefetch) else {
            throw AMQPError(.invalidArgument, "the prefetch for queue \(queue) is \(prefetch); it must be 1 to 65535")
        }
        var arguments = arguments
        if let priority { arguments["x-priority"] = .integer(Int64(priority)) }
        let number = consumerCount.add(1, ordering: .relaxed).newValue
        let tag = "\(name.prefix(200)).\(number)"
        let buffer = DeliveryBuffer(queue: queue, maximumBodySize: maximumBodySize)
        _ = try await call(
            [
                .limitPrefetch(UInt16(prefetch)),
                .consume(queue: queue, tag: tag, exclusive: exclusive, arguments: arguments),
            ],
            consumer: ConsumerRegistration(tag: tag, buffer: buffer))
        return Consumer(queue: queue, tag: tag, buffer: buffer, connection: self)
    }

    /// Hands a message to the thread without waiting for its confirm.
    func enqueue(_ message: OutgoingMessage) -> Reply<Void> {
        let reply = Reply<Void>()
        mailbox.post(.publish(PublishJob(message: message, deadline: .now + timeouts.publish, reply: reply)))
        return reply
    }
}
