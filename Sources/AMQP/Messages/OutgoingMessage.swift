/// One message to publish.
package struct OutgoingMessage: Sendable {
    /// "" is the default exchange, whose routing key is a queue's name.
    package var exchange: String
    package var routingKey: String
    package var properties: MessageProperties
    package var body: [UInt8]
    /// Whether a message that reaches no queue comes back as `.returned` instead of being dropped in silence.
    ///
    /// A return carries no number: it is matched by exchange, key and message id, so give mandatory messages an id.
    package var mandatory: Bool

    package init(
        exchange: String, routingKey: String, properties: MessageProperties = MessageProperties(), body: [UInt8],
        mandatory: Bool
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
        self.mandatory = mandatory
    }

    /// As the broker's errors name the exchange.
    var exchangeName: String { exchange.isEmpty ? "amq.default" : exchange }

    /// How errors name this message.
    var subject: String {
        let id = properties.messageID.map { " \($0)" } ?? ""
        let exchange = exchange.isEmpty ? "the default exchange" : "exchange \(exchange)"
        return "message\(id) to \(exchange) with key '\(routingKey)'"
    }
}
