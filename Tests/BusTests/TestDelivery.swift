import Bus
import Messages
import Runtime

@testable import AMQP

/// A delivery as a consumer would get it, without a broker.
func makeDelivery(
    body: [UInt8], contentType: String? = "application/cloudevents+json", headers: HeaderTable = [:], isRedelivered: Bool = false,
    routingKey: String = "unit.backup.nightly", queue: String = "sheaf.unit.backup",
    exchange: String = "sheaf.command", replyTo: String? = "sheaf.reply.scheduler", type: String? = "dev.sheaf.unit.v1",
    messageID: String = "m1", bodySize: UInt64? = nil
) throws -> Delivery {
    let start = MessageStart.delivery(
        consumerTag: "c", deliveryTag: 1, isRedelivered: isRedelivered, exchange: exchange, routingKey: routingKey)
    let properties = MessageProperties(
        contentType: contentType, messageID: messageID, correlationID: "s1", replyTo: replyTo,
        type: type, headers: headers)
    return Delivery(
        MessageAssembler.Message(start: start, properties: properties, body: body, bodySize: bodySize), tag: 1, queue: queue,
        mailbox: try Mailbox())
}

/// The wire bytes of a query, the smallest message there is.
func queryBody(type: String = MessageType.query.rawValue) throws -> [UInt8] {
    var event = CloudEvent(
        id: "q1", source: "/s", type: .query, subject: nil, time: Timestamp(millisecondsSinceEpoch: 0), data: Query.repositories)
    event.type = type
    return try MessageCoding.encode(event)
}
