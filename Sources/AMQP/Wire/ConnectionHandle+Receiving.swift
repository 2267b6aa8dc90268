import CRabbitMQ
import FoundationEssentials
import Glibc

extension ConnectionHandle {
    /// The next frame that is here already, or nil; also sends our heartbeat and notices the broker's missing one.
    ///
    /// Call it until nil before waiting for the socket: bytes in the library's buffer never make the socket readable.
    func nextFrame() throws(AMQPError) -> IncomingFrame? {
        var frame = amqp_frame_t()
        var noWait = timeval()
        let status = amqp_simple_wait_frame_noblock(state, &frame, &noWait)
        guard status != AMQP_STATUS_TIMEOUT.rawValue else { return nil }
        try check(status, "reading")
        // Without this the library keeps every frame's memory; it is right only once all bytes are copied out.
        defer { amqp_maybe_release_buffers(state) }
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD:
            return try decode(frame.payload.method)
        case AMQP_FRAME_HEADER:
            guard let decoded = frame.payload.properties.decoded else { throw unexpected("a header without properties") }
            let properties = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            return .messageHeader(FieldDecoder.properties(properties), bodySize: frame.payload.properties.body_size)
        case AMQP_FRAME_BODY:
            return .messageBody(FieldDecoder.bytes(frame.payload.body_fragment))
        default:
            throw unexpected("a frame of type \(frame.frame_type)")
        }
    }

    /// The reason in a channel.close or connection.close; nil for other methods.
    func closeReason(_ method: amqp_method_t) -> CloseReason? {
        switch MethodID(rawValue: method.id) {
        case .channelClose:
            guard let close = fields(method, as: amqp_channel_close_t.self) else { return nil }
            return CloseReason(
                replyCode: close.reply_code, text: FieldDecoder.string(close.reply_text),
                failedMethod: UInt32(close.class_id) << 16 | UInt32(close.method_id))
        case .connectionClose:
            guard let close = fields(method, as: amqp_connection_close_t.self) else { return nil }
            return CloseReason(
                replyCode: close.reply_code, text: FieldDecoder.string(close.reply_text),
                failedMethod: UInt32(close.class_id) << 16 | UInt32(close.method_id))
        default:
            return nil
        }
    }

    private func decode(_ method: amqp_method_t) throws(AMQPError) -> IncomingFrame {
        guard let id = MethodID(rawValue: method.id) else { throw unexpected("method \(String(method.id, radix: 16))") }
        switch id {
        case .basicDeliver, .basicReturn: return .messageStart(try decodeStart(id, method))
        case .basicAck:
            let ack = try required(method, as: amqp_basic_ack_t.self)
            return .ack(tag: ack.delivery_tag, multiple: ack.multiple != 0)
        case .basicNack:
            let nack = try required(method, as: amqp_basic_nack_t.self)
            return .nack(tag: nack.delivery_tag, multiple: nack.multiple != 0)
        case .basicCancel:
            return .consumerCancelled(tag: FieldDecoder.string(try required(method, as: amqp_basic_cancel_t.self).consumer_tag))
        case .channelClose, .connectionClose:
            guard let reason = closeReason(method) else { throw unexpected("a close without a reason") }
            return id == .channelClose ? .channelClosed(reason) : .connectionClosed(reason)
        case .connectionBlocked:
            return .blocked(reason: FieldDecoder.string(try required(method, as: amqp_connection_blocked_t.self).reason))
        case .connectionUnblocked: return .unblocked
        case .queueDeclareOK:
            let queue = try required(method, as: amqp_queue_declare_ok_t.self)
            let name = FieldDecoder.string(queue.queue)
            return .response(id, .queue(name: name, messages: queue.message_count, consumers: queue.consumer_count))
        case .queuePurgeOK:
            return .response(id, .messages(try required(method, as: amqp_queue_purge_ok_t.self).message_count))
        case .queueDeleteOK:
            return .response(id, .messages(try required(method, as: amqp_queue_delete_ok_t.self).message_count))
        case .exchangeDeclareOK, .exchangeDeleteOK, .queueBindOK, .queueUnbindOK, .basicQoSOK, .basicConsumeOK,
            .basicCancelOK:
            return .response(id, .done)
        default:
            throw unexpected("method \(id)")
        }
    }

    private func decodeStart(_ id: MethodID, _ method: amqp_method_t) throws(AMQPError) -> MessageStart {
        if id == .basicReturn {
            let returned = try required(method, as: amqp_basic_return_t.self)
            return .returned(
                replyCode: returned.reply_code, text: FieldDecoder.string(returned.reply_text),
                exchange: FieldDecoder.string(returned.exchange), routingKey: FieldDecoder.string(returned.routing_key))
        }
        let delivery = try required(method, as: amqp_basic_deliver_t.self)
        return .delivery(
            consumerTag: FieldDecoder.string(delivery.consumer_tag), deliveryTag: delivery.delivery_tag,
            isRedelivered: delivery.redelivered != 0, exchange: FieldDecoder.string(delivery.exchange),
            routingKey: FieldDecoder.string(delivery.routing_key))
    }

    private func fields<Fields>(_ method: amqp_method_t, as type: Fields.Type) -> Fields? {
        method.decoded?.assumingMemoryBound(to: type).pointee
    }

    private func required<Fields>(_ method: amqp_method_t, as type: Fields.Type) throws(AMQPError) -> Fields {
        guard let fields = fields(method, as: type) else { throw unexpected("a method without fields") }
        return fields
    }

    private func unexpected(_ what: String) -> AMQPError {
        AMQPError(.protocolViolation, "the broker at \(address) sent \(what), which has no place here; the connection is dropped")
    }
}
