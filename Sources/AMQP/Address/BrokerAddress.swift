package import Runtime

/// Where a broker is and who we are to it, as written in `amqp://user:password@host:port/vhost?heartbeat=10`.
package struct BrokerAddress: Sendable, Equatable, CustomStringConvertible {
    package enum Authentication: Sendable, Equatable {
        case password(user: String, Sensitive)
        /// The client certificate says who we are (`auth_mechanism=external`).
        case certificate
    }

    package var host: String
    package var port: UInt16
    package var virtualHost: String
    package var authentication: Authentication
    /// Seconds between signs of life, 2...600. librabbitmq takes 0 as "none at all", so 0 is refused.
    package var heartbeat: Int
    /// nil: a plain connection (`amqp`).
    package var tls: TLSSettings?

    package init(
        host: String, port: UInt16? = nil, virtualHost: String = "/",
        authentication: Authentication = .password(user: "guest", Sensitive("guest")),
        heartbeat: Int = 10, tls: TLSSettings? = nil
    ) {
        self.host = host
        self.port = port ?? (tls == nil ? 5672 : 5671)
        self.virtualHost = virtualHost
        self.authentication = authentication
        self.heartbeat = heartbeat
        self.tls = tls
    }

    /// The name of the user as which we log in; with a certificate the broker decides.
    package var user: String? {
        switch authentication {
        case .password(let user, _): user
        case .certificate: nil
        }
    }

    /// The address without the password, fit for logs.
    package var description: String {
        let user = user.map { "\($0)@" } ?? ""
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(tls == nil ? "amqp" : "amqps")://\(user)\(host):\(port)/\(virtualHost == "/" ? "" : virtualHost)"
    }
}
