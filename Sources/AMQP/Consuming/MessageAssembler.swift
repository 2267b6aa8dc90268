/// Puts a message together from its method, header and body frames.
struct MessageAssembler {
    struct Message: Sendable, Equatable {
        var start: MessageStart
        var properties: MessageProperties
        var body: [UInt8]
    }

    private enum State {
        case idle
        case started(MessageStart)
        case receiving(Message, size: UInt64)
    }

    private var state = State.idle

    mutating func begin(_ start: MessageStart) throws(AMQPError) {
        guard case .idle = state else { throw Self.outOfOrder("a message inside another") }
        state = .started(start)
    }

    /// - Returns: the message when it has no body.
    mutating func addHeader(_ properties: MessageProperties, bodySize: UInt64) throws(AMQPError) -> Message? {
        guard case .started(let start) = state else { throw Self.outOfOrder("a header without a message") }
        var message = Message(start: start, properties: properties, body: [])
        guard bodySize > 0 else {
            state = .idle
            return message
        }
        // The announced size is the broker's word; beyond 16 MiB memory is taken only as bytes arrive.
        message.body.reserveCapacity(Int(min(bodySize, 16 << 20)))
        state = .receiving(message, size: bodySize)
        return nil
    }

    /// - Returns: the message with its last part.
    mutating func addBody(_ bytes: [UInt8]) throws(AMQPError) -> Message? {
        guard case .receiving(var message, let size) = state else { throw Self.outOfOrder("a body without a header") }
        // The state lets go of the array, so that appending does not copy it.
        state = .idle
        message.body.append(contentsOf: bytes)
        guard UInt64(message.body.count) <= size else { throw Self.outOfOrder("more body than announced") }
        if UInt64(message.body.count) == size { return message }
        state = .receiving(message, size: size)
        return nil
    }

    private static func outOfOrder(_ what: String) -> AMQPError {
        AMQPError(.protocolViolation, "the broker sent \(what); the connection is dropped")
    }
}
