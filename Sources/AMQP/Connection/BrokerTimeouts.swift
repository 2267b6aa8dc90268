/// How long each step may take before it fails.
package struct BrokerTimeouts: Sendable, Hashable {
    /// TCP and TLS, over all addresses of the host; then the AMQP handshake has as long once more.
    package var connect: Duration
    /// The broker's answer to a declaration, a consume, a cancel. Exceeding it ends the connection.
    package var answer: Duration
    /// From the call of `publish` to the broker's confirm.
    package var publish: Duration
    /// The farewell when closing.
    package var close: Duration

    package init(
        connect: Duration = .seconds(4), answer: Duration = .seconds(15), publish: Duration = .seconds(30),
        close: Duration = .seconds(3)
    ) {
        self.connect = connect
        self.answer = answer
        self.publish = publish
        self.close = close
    }
}
