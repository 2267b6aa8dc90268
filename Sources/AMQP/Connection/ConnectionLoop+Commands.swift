extension ConnectionLoop {
    func perform(_ command: Command) throws(AMQPError) {
        switch command {
        case .publish(let job):
            outbox.append(job)
        case .call(let call):
            calls.append(call)
        case .settle(let tag, let settlement, let reply):
            do {
                try handle.settle(tag, settlement)
            } catch {
                reply.fail(error)
                throw error
            }
            reply.succeed()
        case .close(let reply):
            if closing == nil { closing = reply } else { reply.succeed() }
        case .abandon:
            isAbandoned = true
        }
    }

    /// Sends the next request when none is with the broker.
    func startCalls() throws(AMQPError) {
        while current == nil, let call = calls.popFirst() {
            try start(call, index: 0)
        }
    }

    /// Takes the broker's answer to the request that is with it.
    func finish(_ method: MethodID, _ response: ChannelResponse) throws(AMQPError) {
        guard let current, current.request.answer == method else {
            throw AMQPError(.protocolViolation, "the broker at \(handle.address) answered with \(method), which nobody asked")
        }
        self.current = nil
        if current.index + 1 < current.call.requests.count {
            try start(current.call, index: current.index + 1)
        } else {
            current.call.reply.resolve(.success(response))
        }
    }

    private func start(_ call: ChannelCall, index: Int) throws(AMQPError) {
        let isLast = index + 1 == call.requests.count
        // Known before it is asked for, since deliveries may follow the answer at once.
        if isLast, let consumer = call.consumer { consumers[consumer.tag] = consumer.buffer }
        if case .cancel(let tag) = call.requests[index] { try endConsumer(tag, nil) }
        do {
            try handle.send(call.requests[index])
            current = CallInProgress(call: call, index: index, deadline: .now + timeouts.answer)
        } catch {
            if let consumer = call.consumer { consumers[consumer.tag] = nil }
            call.reply.fail(error.prefixed(call.subject))
            if error.code != .invalidArgument { throw error }
        }
    }

    /// Ends a consumer's sequence and gives back what nobody took.
    func endConsumer(_ tag: String, _ error: AMQPError?) throws(AMQPError) {
        guard let buffer = consumers.removeValue(forKey: tag) else { return }
        for delivery in buffer.end(error) {
            try handle.settle(delivery.tag, .nack(requeue: true))
        }
    }
}
