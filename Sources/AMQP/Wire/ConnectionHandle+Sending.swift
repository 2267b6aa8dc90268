import CRabbitMQ
import FoundationEssentials
import Glibc

/// How a delivery is given back.
enum Settlement: Sendable, Equatable {
    case ack
    case nack(requeue: Bool)
    case reject(requeue: Bool)
}

/// Sending blocks while the socket is full, without a limit of librabbitmq's own: arm the `StallGuard` around it.
///
/// `.invalidArgument` means that nothing was sent; any other error is the end of the connection.
extension ConnectionHandle {
    /// Whether the kernel takes more bytes now; while an alarm stands the broker does not read, and it soon does not.
    var isWritable: Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    func publish(_ message: OutgoingMessage) throws(AMQPError) {
        var encoder = FieldEncoder(frameSize: frameSize)
        let exchange = try encoder.shortString(message.exchange, what: "the exchange name")
        let key = try encoder.shortString(message.routingKey, what: "the routing key")
        var properties = try encode(message.properties, with: &encoder)
        let status = message.body.withUnsafeBytes { body in
            // The library only reads the body, though its type has no const.
            let bytes = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
            return amqp_basic_publish(
                state, Self.channel, exchange, key, message.mandatory ? 1 : 0, 0, &properties, bytes)
        }
        try check(status, "publishing")
    }

    func settle(_ tag: UInt64, _ settlement: Settlement) throws(AMQPError) {
        let status =
            switch settlement {
            case .ack: amqp_basic_ack(state, Self.channel, tag, 0)
            case .nack(let requeue): amqp_basic_nack(state, Self.channel, tag, 0, requeue ? 1 : 0)
            case .reject(let requeue): amqp_basic_reject(state, Self.channel, tag, requeue ? 1 : 0)
            }
        try check(status, "settling a delivery")
    }

    /// Answers the broker's close of the channel or the connection, so that it need not wait for us.
    func confirmClose(of method: MethodID) throws(AMQPError) {
        if method == .connectionClose {
            var fields = amqp_connection_close_ok_t()
            try send(.connectionCloseOK, &fields, channel: 0)
        } else {
            var fields = amqp_channel_close_ok_t()
            try send(.channelCloseOK, &fields, channel: Self.channel)
        }
    }

    func send(_ request: ChannelRequest) throws(AMQPError) {
        var encoder = FieldEncoder(frameSize: frameSize)
        switch request {
        case .declareExchange(let name, let type, let durable, let passive, let arguments):
            var fields = amqp_exchange_declare_t()
            fields.exchange = try encoder.shortString(name, what: "the exchange name")
            fields.type = try encoder.shortString(type, what: "the exchange type")
            fields.durable = durable ? 1 : 0
            fields.passive = passive ? 1 : 0
            fields.arguments = try encoder.table(arguments)
            try send(request.method, &fields)
        case .deleteExchange(let name):
            var fields = amqp_exchange_delete_t()
            fields.exchange = try encoder.shortString(name, what: "the exchange name")
            try send(request.method, &fields)
        case .declareQueue(let name, let durable, let exclusive, let autoDelete, let passive, let arguments):
            var fields = amqp_queue_declare_t()
            fields.queue = try encoder.shortString(name, what: "the queue name")
            fields.durable = durable ? 1 : 0
            fields.exclusive = exclusive ? 1 : 0
            fields.auto_delete = autoDelete ? 1 : 0
            fields.passive = passive ? 1 : 0
            fields.arguments = try encoder.table(arguments)
            try send(request.method, &fields)
        case .bindQueue(let name, let exchange, let key, let arguments):
            var fields = amqp_queue_bind_t()
            fields.queue = try encoder.shortString(name, what: "the queue name")
            fields.exchange = try encoder.shortString(exchange, what: "the exchange name")
            fields.routing_key = try encoder.shortString(key, what: "the binding key")
            fields.arguments = try encoder.table(arguments)
            try send(request.method, &fields)
        case .unbindQueue(let name, let exchange, let key, let arguments):
            var fields = amqp_queue_unbind_t()
            fields.queue = try encoder.shortString(name, what: "the queue name")
            fields.exchange = try encoder.shortString(exchange, what: "the exchange name")
            fields.routing_key = try encoder.shortString(key, what: "the binding key")
            fields.arguments = try encoder.table(arguments)
            try send(request.method, &fields)
        case .purgeQueue(let name):
            var fields = amqp_queue_purge_t()
            fields.queue = try encoder.shortString(name, what: "the queue name")
            try send(request.method, &fields)
        case .deleteQueue(let name, let onlyIfUnused, let onlyIfEmpty):
            var fields = amqp_queue_delete_t()
            fields.queue = try encoder.shortString(name, what: "the queue name")
            fields.if_unused = onlyIfUnused ? 1 : 0
            fields.if_empty = onlyIfEmpty ? 1 : 0
            try send(request.method, &fields)
        case .limitPrefetch(let count):
            var fields = amqp_basic_qos_t(prefetch_size: 0, prefetch_count: count, global: 0)
            try send(request.method, &fields)
        case .consume(let queue, let tag, let exclusive, let arguments):
            var fields = amqp_basic_consume_t()
            fields.queue = try encoder.shortString(queue, what: "the queue name")
            fields.consumer_tag = try encoder.shortString(tag, what: "the consumer tag")
            fields.exclusive = exclusive ? 1 : 0
            fields.arguments = try encoder.table(arguments)
            try send(request.method, &fields)
        case .cancel(let tag):
            var fields = amqp_basic_cancel_t()
            fields.consumer_tag = try encoder.shortString(tag, what: "the consumer tag")
            try send(request.method, &fields)
        }
    }

    private func send<Fields: BitwiseCopyable>(
        _ method: MethodID, _ fields: inout Fields, channel: amqp_channel_t = ConnectionHandle.channel
    ) throws(AMQPError) {
        let status = withUnsafeMutablePointer(to: &fields) { amqp_send_method(state, channel, method.rawValue, $0) }
        try check(status, "sending \(method)")
    }

    private func encode(
        _ source: MessageProperties, with encoder: inout FieldEncoder
    ) throws(AMQPError) -> amqp_basic_properties_t {
        var properties = amqp_basic_properties_t()
        func set(
            _ flag: Int32, _ field: WritableKeyPath<amqp_basic_properties_t, amqp_bytes_t>, _ text: String?, _ what: String
        ) throws(AMQPError) {
            guard let text else { return }
            properties[keyPath: field] = try encoder.shortString(text, what: what)
            properties._flags |= amqp_flags_t(flag)
        }
        try set(AMQP_BASIC_CONTENT_TYPE_FLAG, \.content_type, source.contentType, "content_type")
        try set(AMQP_BASIC_CONTENT_ENCODING_FLAG, \.content_encoding, source.contentEncoding, "content_encoding")
        try set(AMQP_BASIC_CORRELATION_ID_FLAG, \.correlation_id, source.correlationID, "correlation_id")
        try set(AMQP_BASIC_REPLY_TO_FLAG, \.reply_to, source.replyTo, "reply_to")
        try set(AMQP_BASIC_EXPIRATION_FLAG, \.expiration, source.expiration, "expiration")
        try set(AMQP_BASIC_MESSAGE_ID_FLAG, \.message_id, source.messageID, "message_id")
        try set(AMQP_BASIC_TYPE_FLAG, \.type, source.type, "type")
        try set(AMQP_BASIC_USER_ID_FLAG, \.user_id, source.userID, "user_id")
        try set(AMQP_BASIC_APP_ID_FLAG, \.app_id, source.appID, "app_id")
        properties.delivery_mode = source.deliveryMode.rawValue
        properties._flags |= amqp_flags_t(AMQP_BASIC_DELIVERY_MODE_FLAG)
        if let priority = source.priority {
            properties.priority = priority
            properties._flags |= amqp_flags_t(AMQP_BASIC_PRIORITY_FLAG)
        }
        if let timestamp = source.timestamp {
            properties.timestamp = FieldEncoder.seconds(of: timestamp)
            properties._flags |= amqp_flags_t(AMQP_BASIC_TIMESTAMP_FLAG)
        }
        if !source.headers.isEmpty {
            properties.headers = try encoder.table(source.headers)
            properties._flags |= amqp_flags_t(AMQP_BASIC_HEADERS_FLAG)
        }
        return properties
    }
}
