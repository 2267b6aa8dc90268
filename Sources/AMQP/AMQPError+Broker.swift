import CRabbitMQ

/// Sentences for what a broker says by number (AMQP 0-9-1 §1.2.2 reply codes) and for failed connects.
extension AMQPError {
    /// For everyone who used a channel that the broker closed over somebody's method.
    static func channelClosed(_ reason: CloseReason) -> AMQPError {
        let isTimeout = reason.replyCode == 406 && reason.text.contains("delivery acknowledgement")
        guard isTimeout else {
            return AMQPError(.channelClosed, "the broker closed the channel: \(reason.text)", replyCode: Int(reason.replyCode))
        }
        return AMQPError(
            .acknowledgementTimeout,
            "a delivery stayed unacknowledged longer than the broker allows, and all unacknowledged ones went back to their"
                + " queues: \(reason.text); acknowledge sooner or raise consumer_timeout in rabbitmq.conf",
            replyCode: Int(reason.replyCode))
    }

    /// For everyone who used a connection that the broker closed.
    static func connectionClosed(_ reason: CloseReason, _ address: BrokerAddress) -> AMQPError {
        AMQPError(
            .connectionClosed, "the broker closed the connection to \(address): \(reason.text)",
            replyCode: Int(reason.replyCode))
    }

    /// For the one who sent the request that the broker objected to.
    static func refused(_ request: ChannelRequest, _ reason: CloseReason) -> AMQPError {
        let (code, advice): (Code, String) =
            switch reason.replyCode {
            case 403: (.accessRefused, "give the user that right (rabbitmqctl set_permissions)")
            case 404: (.notFound, "declare it first, or check the name")
            case 405: (.resourceLocked, "another connection uses it exclusively; wait until that is gone")
            case 406: (.preconditionFailed, precondition(reason.text, request))
            case 540: (.invalidArgument, "this broker does not support that kind of object or argument")
            default: (.channelClosed, "try again on a new connection")
            }
        return AMQPError(
            code, "\(request.subject): the broker refused: \(reason.text); \(advice)", replyCode: Int(reason.replyCode))
    }

    private static func precondition(_ text: String, _ request: ChannelRequest) -> String {
        guard let difference = Inequivalence(text) else { return "change the request to what the broker says" }
        let host = difference.virtualHost == "/" ? "" : " -p \(difference.virtualHost)"
        return switch request {
        case .declareQueue(let name, _, _, _, _, _):
            "queue \(name) \(difference.sentence), which cannot be changed in place: declare it as it is,"
                + " or let it run empty, delete it (rabbitmqctl delete_queue\(host) \(name) --if-empty) and declare it again"
        case .declareExchange(let name, _, _, _, _):
            "exchange \(name) \(difference.sentence), which cannot be changed in place: declare it as it is,"
                + " or delete it and declare it again with its bindings"
        default:
            "the object \(difference.sentence)"
        }
    }
}

extension ConnectionHandle {
    static func connectError(_ status: Int32, _ address: BrokerAddress) -> AMQPError {
        let text = amqp_error_string2(status).map { String(cString: $0) } ?? "status \(status)"
        let subject = "could not connect to \(address)"
        switch status {
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue:
            return AMQPError(
                .untrusted,
                "\(subject): the certificate is for another name than \(address.host); connect by a name in the certificate"
                    + " (an IP address cannot be checked)")
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue, AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue:
            return AMQPError(
                .untrusted,
                "\(subject): no trusted TLS connection (\(text)); check that the port speaks TLS 1.2 or newer and that"
                    + " \(address.tls?.authorityFile ?? "the authority file") holds the authority of the broker's certificate",
                isRetryable: true)
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED.rawValue:
            return AMQPError(.unreachable, "\(subject): the name \(address.host) is not known; check it and the DNS")
        case AMQP_STATUS_TIMEOUT.rawValue:
            return AMQPError(
                .unreachable,
                "\(subject): \(address.host):\(address.port) did not answer in time; check the network and firewalls")
        default:
            return AMQPError(
                .unreachable,
                "\(subject): no broker accepts connections on \(address.host):\(address.port) (\(text)); check that it runs")
        }
    }

    /// Tells a refused login from a broker that is not there; the broker gives only a number and a text.
    static func loginError(_ error: AMQPError, _ address: BrokerAddress) -> AMQPError {
        let subject = "could not log in to \(address)"
        let user = address.user.map { "user \($0)" } ?? "the client certificate"
        switch error.replyCode {
        case 403:
            return AMQPError(
                .loginRefused,
                "\(subject): the broker refused \(user); check user name and password (guest is allowed from localhost only)",
                replyCode: 403)
        case 530 where error.message.contains("limit"):
            return AMQPError(.unreachable, "\(subject): \(error.message)", replyCode: 530)
        case 530 where error.message.contains("not found"):
            return AMQPError(
                .notFound, "\(subject): there is no virtual host '\(address.virtualHost)'; create it or correct the address",
                replyCode: 530)
        case 530:
            return AMQPError(
                .loginRefused, "\(subject): \(user) may not use virtual host '\(address.virtualHost)'; grant it or use another",
                replyCode: 530)
        case let code:
            return AMQPError(.unreachable, "\(subject): \(error.message)", replyCode: code)
        }
    }
}
