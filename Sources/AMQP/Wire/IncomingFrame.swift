/// What the broker sent, copied out of the library's buffers.
enum IncomingFrame: Sendable, Equatable {
    /// A basic.deliver or basic.return; header and body frames follow.
    case messageStart(MessageStart)
    case messageHeader(MessageProperties, bodySize: UInt64)
    case messageBody([UInt8])
    case ack(tag: UInt64, multiple: Bool)
    case nack(tag: UInt64, multiple: Bool)
    case consumerCancelled(tag: String)
    case channelClosed(CloseReason)
    case connectionClosed(CloseReason)
    case blocked(reason: String)
    case unblocked
    /// The answer to a `ChannelRequest`.
    case response(MethodID, ChannelResponse)
}

/// The method that announces a message.
enum MessageStart: Sendable, Equatable {
    case delivery(consumerTag: String, deliveryTag: UInt64, isRedelivered: Bool, exchange: String, routingKey: String)
    case returned(replyCode: UInt16, text: String, exchange: String, routingKey: String)
}

/// Why the broker closed a channel or the connection.
struct CloseReason: Sendable, Equatable {
    var replyCode: UInt16
    var text: String
    /// The method that the broker objects to, 0 when none.
    var failedMethod: UInt32
}
