/// Puts a message together from its method, header and body frames; of one that is too large the body is thrown away as it comes.
struct MessageAssembler {
    struct Message: Sendable, Equatable {
        var start: MessageStart
        var properties: MessageProperties
        /// Empty when the message is larger than its receiver wanted.
        var body: [UInt8]
        /// What the header announced, in bytes.
        var bodySize: UInt64

        init(start: MessageStart, properties: MessageProperties, body: [UInt8], bodySize: UInt64? = nil) {
            self.start = start
            self.properties = properties
            self.body = body
            self.bodySize = bodySize ?? UInt64(body.count)
        }
    }

    private enum State {
        case idle
        case started(MessageStart)
        /// - Parameter left: bytes that are still to come.
        case receiving(Message, left: UInt64, keeps: Bool)
    }

    private var state = State.idle

    /// What is being received, nil between two messages.
    var start: MessageStart? {
        switch state {
        case .idle: nil
        case .started(let start): start
        case .receiving(let message, _, _): message.start
        }
    }

    mutating func begin(_ start: MessageStart) throws(AMQPError) {
        guard case .idle = state else { throw Self.outOfOrder("a message inside another") }
        state = .started(start)
    }

    /// - Parameter limit: bytes of a body that is kept; of a larger one nothing is.
    /// - Returns: the message when it has no body.
    mutating func addHeader(_ properties: MessageProperties, bodySize: UInt64, limit: Int) throws(AMQPError) -> Message? {
        guard case .started(let start) = state else { throw Self.outOfOrder("a header without a message") }
        var message = Message(start: start, properties: properties, body: [], bodySize: bodySize)
        guard bodySize > 0 else {
            state = .idle
            return message
        }
        let keeps = bodySize <= UInt64(limit)
        // The announced size is the broker's word; beyond 16 MiB memory is taken only as bytes arrive.
        if keeps { message.body.reserveCapacity(Int(min(bodySize, 16 << 20))) }
        state = .receiving(message, left: bodySize, keeps: keeps)
        return nil
    }

    /// - Returns: the message with its last part.
    mutating func addBody(_ bytes: [UInt8]) throws(AMQPError) -> Message? {
        guard case .receiving(var message, let left, let keeps) = state else {
            throw Self.outOfOrder("a body without a header")
        }
        guard UInt64(bytes.count) <= left else { throw Self.outOfOrder("more body than announced") }
        // The state lets go of the array, so that appending does not copy it.
        state = .idle
        if keeps { message.body.append(contentsOf: bytes) }
        if UInt64(bytes.count) == left { return message }
        state = .receiving(message, left: left - UInt64(bytes.count), keeps: keeps)
        return nil
    }

    private static func outOfOrder(_ what: String) -> AMQPError {
        AMQPError(.protocolViolation, "the broker sent \(what); the connection is dropped")
    }
}
