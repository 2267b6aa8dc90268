/// Why a broker, a channel, a publish or a consumer did not do what was asked.
package struct AMQPError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The address or its TLS settings cannot be used as written.
        case invalidAddress
        /// The caller's value cannot be sent: a name over 255 bytes, headers over a frame, a prefetch of 0.
        case invalidArgument
        /// No connection came about: refused, name unknown, no answer in time.
        case unreachable
        /// The broker's certificate does not prove its name.
        case untrusted
        /// The user has no right on the object.
        case accessRefused
        /// Wrong user or password, or no right on the virtual host.
        case loginRefused
        /// The connection ended without a farewell: reset, heartbeat missed, stalled. Unconfirmed publishes have an unknown fate.
        case connectionLost
        /// The broker or this process closed the connection in order.
        case connectionClosed
        /// The broker closed the channel over some method; the connection is dropped with it.
        case channelClosed
        /// The broker closed the channel because a delivery stayed unacknowledged longer than its limit.
        case acknowledgementTimeout
        /// The broker ended one consumer, mostly because its queue was deleted.
        case consumerCancelled
        /// The queue, exchange or virtual host does not exist.
        case notFound
        /// The object exists with other properties than those asked for.
        case preconditionFailed
        /// Another connection uses the queue exclusively.
        case resourceLocked
        /// The broker refused to take responsibility for a message (full queue, no leader).
        case nacked
        /// A mandatory message reached no queue.
        case returned
        case timedOut
        /// A delivery was settled a second time.
        case alreadySettled
        /// The broker sent what the protocol does not allow here.
        case protocolViolation
        /// This process could not get a thread, memory or a file descriptor.
        case outOfResources
    }

    package var code: Code
    package var message: String
    package var isRetryable: Bool
    /// The broker's own number (AMQP 0-9-1 reply code), when it gave one.
    package var replyCode: Int?

    package init(_ code: Code, _ message: String, replyCode: Int? = nil) {
        self.init(code, message, replyCode: replyCode, isRetryable: code.isUsuallyRetryable)
    }

    package init(_ code: Code, _ message: String, replyCode: Int? = nil, isRetryable: Bool) {
        self.code = code
        self.message = message
        self.replyCode = replyCode
        self.isRetryable = isRetryable
    }

    package var description: String { message }

    /// The same failure told for one affected object: "publishing …: <what happened>".
    func prefixed(_ subject: String, code: Code? = nil) -> AMQPError {
        var error = self
        error.message = "\(subject): \(message)"
        error.code = code ?? self.code
        return error
    }
}

extension AMQPError.Code {
    /// Whether the same call may succeed later, on a new connection where this one is gone.
    fileprivate var isUsuallyRetryable: Bool {
        switch self {
        case .unreachable, .connectionLost, .connectionClosed, .channelClosed, .acknowledgementTimeout,
            .consumerCancelled, .resourceLocked, .nacked, .timedOut, .protocolViolation, .outOfResources:
            true
        case .invalidAddress, .invalidArgument, .untrusted, .accessRefused, .loginRefused, .notFound, .preconditionFailed,
            .returned, .alreadySettled:
            false
        }
    }
}
