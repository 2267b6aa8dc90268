extension ConnectionLoop {
    func receive(_ frame: IncomingFrame) throws(AMQPError) {
        switch frame {
        case .messageStart(let start):
            try assembler.begin(start)
        case .messageHeader(let properties, let bodySize):
            let message = try assembler.addHeader(properties, bodySize: bodySize, limit: bodyLimit)
            if let message { try receive(message) }
        case .messageBody(let bytes):
            if let message = try assembler.addBody(bytes) { try receive(message) }
        case .ack(let tag, let multiple):
            for pending in ledger.settle(tag, multiple: multiple) { confirm(pending) }
        case .nack(let tag, let multiple):
            for pending in ledger.settle(tag, multiple: multiple) {
                pending.entry.reply.fail(
                    AMQPError(
                        .nacked,
                        "\(pending.entry.message.subject): the broker did not take it (queue full or without a leader);"
                            + " publish it again after a pause"))
            }
        case .consumerCancelled(let tag):
            let queue = consumers[tag]?.queue ?? tag
            try endConsumer(
                tag,
                AMQPError(
                    .consumerCancelled,
                    "the broker ended the consumer of queue \(queue), mostly because the queue was deleted; consume again"))
        case .blocked(let reason):
            mailbox.blockedReason = reason.isEmpty ? "it is short of memory or disk" : reason
        case .unblocked:
            mailbox.blockedReason = nil
        case .response(let method, let response):
            try finish(method, response)
        case .channelClosed(let reason):
            try end(channel: reason)
        case .connectionClosed(let reason):
            isBrokerGone = true
            confirmClose(of: .connectionClose)
            throw AMQPError.connectionClosed(reason, handle.address)
        }
    }

    /// Bytes of the message at hand that are worth keeping: of a returned one, or one that nobody waits for, only the size is.
    private var bodyLimit: Int {
        guard case .delivery(let consumerTag, _, _, _, _)? = assembler.start else { return 0 }
        return consumers[consumerTag]?.maximumBodySize ?? 0
    }

    private func receive(_ message: MessageAssembler.Message) throws(AMQPError) {
        switch message.start {
        case .delivery(let consumerTag, let deliveryTag, _, _, _):
            if let buffer = consumers[consumerTag] {
                let delivery = Delivery(
                    message, tag: deliveryTag, queue: buffer.queue, maximumBodySize: buffer.maximumBodySize, mailbox: mailbox)
                if buffer.offer(delivery) { return }
            }
            // Sent before the broker knew that this consumer is cancelled.
            try handle.settle(deliveryTag, .nack(requeue: true))
        case .returned(let replyCode, let text, let exchange, let routingKey):
            ledger.noteReturn(ReturnNotice(replyCode: replyCode, text: text)) { job in
                job.message.mandatory && job.message.exchange == exchange && job.message.routingKey == routingKey
                    && job.message.properties.messageID == message.properties.messageID
                    && UInt64(job.message.body.count) == message.bodySize
            }
        }
    }

    private func confirm(_ pending: ConfirmLedger<PublishJob>.Pending) {
        guard let notice = pending.returned else {
            pending.entry.reply.succeed()
            return
        }
        pending.entry.reply.fail(
            AMQPError(
                .returned,
                "\(pending.entry.message.subject) reached no queue (\(notice.text)); declare and bind its queue first",
                replyCode: Int(notice.replyCode)))
    }

    /// Ends the connection over a channel that the broker closed, after telling the one whose method it was.
    ///
    /// Reopening the channel works too, but each delivery and confirm of it is void either way; a new connection is the
    /// simpler way to the same state.
    private func end(channel reason: CloseReason) throws(AMQPError) {
        if let current, current.request.method.rawValue == reason.failedMethod {
            current.call.reply.fail(AMQPError.refused(current.request, reason))
        }
        if reason.failedMethod == MethodID.basicPublish.rawValue {
            let code: AMQPError.Code? =
                switch reason.replyCode {
                case 403: .accessRefused
                case 404: .notFound
                default: nil
                }
            for pending in ledger.pending where reason.text.contains("'\(pending.entry.message.exchangeName)'") {
                guard let code else { break }
                pending.entry.reply.fail(
                    AMQPError(
                        code, "\(pending.entry.message.subject): the broker refused: \(reason.text)",
                        replyCode: Int(reason.replyCode)))
            }
        }
        confirmClose(of: .channelClose)
        throw AMQPError.channelClosed(reason)
    }

    private func confirmClose(of method: MethodID) {
        do {
            try handle.confirmClose(of: method)
        } catch {
            // A broker that shuts down may be gone already; what it said before is the better reason.
        }
    }
}
