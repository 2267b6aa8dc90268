import CRabbitMQ
import FoundationEssentials
import Glibc
import Runtime

/// The one owner of a librabbitmq connection and its channel; used and freed on one thread only.
///
/// librabbitmq has no locks and aborts the process when misused, so nothing of it is reached from elsewhere.
final class ConnectionHandle {
    /// All traffic goes through one channel: librabbitmq can lose frames when it waits for one of several.
    static let channel: amqp_channel_t = 1
    private static let frameSize: Int32 = 131_072

    let state: amqp_connection_state_t
    let address: BrokerAddress
    /// Knows the socket exactly as long as it is open.
    let stallGuard: StallGuard

    /// Connects, logs in, opens the channel and turns confirms on; blocks.
    init(
        _ address: BrokerAddress, name: String, timeouts: BrokerTimeouts, stallGuard: StallGuard
    ) throws(AMQPError) {
        guard let state = amqp_new_connection() else {
            throw AMQPError(.outOfResources, "there is no memory for a connection to \(address)")
        }
        self.state = state
        self.address = address
        self.stallGuard = stallGuard
        // From here on `deinit` frees it, also when this throws.
        try connect(timeouts.connect)
        stallGuard.attach(socket)
        try setTimeout(timeouts.connect, of: "handshake", amqp_set_handshake_timeout)
        try setTimeout(timeouts.connect, of: "answer", amqp_set_rpc_timeout)
        try logIn(name: name)
        amqp_channel_open(state, Self.channel)
        try check(amqp_get_rpc_reply(state), "opening a channel on \(address)")
        amqp_confirm_select(state, Self.channel)
        try check(amqp_get_rpc_reply(state), "turning on publisher confirms on \(address)")
        amqp_maybe_release_buffers(state)
    }

    /// Closes the socket without a farewell, if `close` was not called.
    deinit {
        stallGuard.detach()
        amqp_destroy_connection(state)
    }

    var socket: Int32 { amqp_get_sockfd(state) }

    /// The negotiated interval; never 0 since 2 seconds are the least that an address may ask for.
    var heartbeat: Duration { .seconds(max(1, amqp_get_heartbeat(state))) }

    /// The negotiated size of a frame in bytes.
    var frameSize: Int { Int(amqp_get_frame_max(state)) }

    /// Says goodbye and waits for the answer at most that long; frames that arrive meanwhile are dropped.
    func close(within timeout: Duration) throws(AMQPError) {
        try setTimeout(timeout, of: "close", amqp_set_rpc_timeout)
        try check(amqp_connection_close(state, AMQP_REPLY_SUCCESS), "closing the connection to \(address)")
    }

    /// Turns a status of the library into an error of the whole connection.
    func check(_ status: Int32, _ subject: String) throws(AMQPError) {
        guard status != AMQP_STATUS_OK.rawValue else { return }
        let text = amqp_error_string2(status).map { String(cString: $0) } ?? "status \(status)"
        throw AMQPError(.connectionLost, "\(subject): the connection to \(address) was lost: \(text)")
    }

    private func connect(_ timeout: Duration) throws(AMQPError) {
        let transport = address.tls == nil ? amqp_tcp_socket_new(state) : amqp_ssl_socket_new(state)
        guard let transport else {
            throw AMQPError(.outOfResources, "there is no memory for a socket to \(address)")
        }
        if let tls = address.tls {
            try configure(tls, on: transport)
        }
        var limit = timeval(timeout)
        let status = amqp_socket_open_noblock(transport, address.host, Int32(address.port), &limit)
        guard status != AMQP_STATUS_OK.rawValue else { return }
        throw Self.connectError(status, address)
    }

    private func configure(_ tls: TLSSettings, on transport: OpaquePointer) throws(AMQPError) {
        let files = [tls.authorityFile, tls.client?.certificateFile, tls.client?.keyFile]
        for file in files.compactMap({ $0 }) where access(file, R_OK) != 0 {
            throw AMQPError(.invalidAddress, "the TLS file \(file) for \(address) cannot be read: \(errorText(errno))")
        }
        guard amqp_ssl_socket_set_ssl_versions(transport, AMQP_TLSv1_2, AMQP_TLSvLATEST) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(.invalidAddress, "this system's OpenSSL offers no TLS 1.2 for \(address)")
        }
        amqp_ssl_socket_set_verify_peer(transport, 1)
        amqp_ssl_socket_set_verify_hostname(transport, 1)
        guard amqp_ssl_socket_set_cacert(transport, tls.authorityFile) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(.invalidAddress, "the authorities in \(tls.authorityFile) for \(address) are not valid PEM")
        }
        guard let client = tls.client else { return }
        guard amqp_ssl_socket_set_key(transport, client.certificateFile, client.keyFile) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(
                .invalidAddress,
                "\(client.certificateFile) and \(client.keyFile) for \(address) are not a PEM certificate and its key")
        }
    }

    private func logIn(name: String) throws(AMQPError) {
        var encoder = FieldEncoder(frameSize: Int(Self.frameSize))
        // Without consumer_cancel_notify a deleted queue leaves its consumer silently dead; librabbitmq does not ask for it.
        var properties = try encoder.table([
            "connection_name": .string(name),
            "capabilities": .table([
                "consumer_cancel_notify": true, "connection.blocked": true, "basic.nack": true, "publisher_confirms": true,
                "authentication_failure_close": true,
            ]),
        ])
        let host = try encoder.cString(address.virtualHost)
        let reply: amqp_rpc_reply_t
        switch address.authentication {
        case .password(let user, let password):
            let userText = try encoder.cString(user)
            let passwordText = try encoder.cString(password.reveal())
            reply = sheaf_amqp_login_plain(
                state, host, Self.frameSize, Int32(address.heartbeat), &properties, userText, passwordText)
        case .certificate:
            let identity = try encoder.cString("")
            reply = sheaf_amqp_login_external(state, host, Self.frameSize, Int32(address.heartbeat), &properties, identity)
        }
        do {
            try check(reply, "logging in")
        } catch {
            throw Self.loginError(error, address)
        }
    }

    /// Turns the outcome of one of the library's blocking requests into an error.
    private func check(_ reply: amqp_rpc_reply_t, _ subject: String) throws(AMQPError) {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL:
            return
        case AMQP_RESPONSE_LIBRARY_EXCEPTION:
            try check(reply.library_error, subject)
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            if let reason = closeReason(reply.reply) {
                throw AMQPError.channelClosed(reason).prefixed(subject)
            }
        default:
            break
        }
        throw AMQPError(.connectionLost, "\(subject): the connection to \(address) ended without a reason")
    }

    private func setTimeout(
        _ timeout: Duration, of step: String,
        _ set: (amqp_connection_state_t?, UnsafePointer<timeval>?) -> Int32
    ) throws(AMQPError) {
        var limit = timeval(timeout)
        try check(set(state, &limit), "setting the \(step) timeout")
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
