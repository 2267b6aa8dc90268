import Runtime

extension BrokerAddress {
    /// Reads an AMQP URI; parts are percent-decoded, a missing or empty virtual host is `/`, a missing user is guest.
    ///
    /// Query: `heartbeat` (seconds), `cacertfile`, `certfile`, `keyfile`, `verify=verify_peer`, `auth_mechanism`
    /// (plain, external), the names RabbitMQ's own clients use.
    /// - Throws: `.invalidAddress` naming the part; the text never repeats the password.
    package init(_ text: String) throws(AMQPError) {
        var rest = Substring(text)
        let isTLS = try Self.takeScheme(from: &rest)
        guard !rest.contains("#") else {
            throw AMQPError.invalidAddress("it has a fragment ('#'); write %23 in a user name or password")
        }
        var query = Substring()
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        var virtualHost = "/"
        if let slash = rest.firstIndex(of: "/") {
            virtualHost = try Self.decodeVirtualHost(rest[rest.index(after: slash)...])
            rest = rest[..<slash]
        }
        var user = "guest"
        var password = Sensitive("guest")
        if let at = rest.lastIndex(of: "@") {
            (user, password) = try Self.decodeCredentials(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        let (host, port) = try Self.decodeHost(rest)
        self.init(
            host: host, port: port ?? (isTLS ? 5671 : 5672), virtualHost: virtualHost,
            authentication: .password(user: user, password), tls: isTLS ? TLSSettings() : nil)
        try apply(query)
    }

    private static func takeScheme(from rest: inout Substring) throws(AMQPError) -> Bool {
        for (scheme, isTLS) in [("amqp://", false), ("amqps://", true)] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            return isTLS
        }
        throw AMQPError.invalidAddress("it must begin with amqp:// or amqps://")
    }

    private static func decodeVirtualHost(_ text: Substring) throws(AMQPError) -> String {
        guard !text.contains("/") else {
            throw AMQPError.invalidAddress("the virtual host '\(text)' holds a slash; write it as %2F")
        }
        return text.isEmpty ? "/" : try decode(text, what: "virtual host")
    }

    private static func decodeCredentials(_ text: Substring) throws(AMQPError) -> (user: String, password: Sensitive) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = try decode(parts[0], what: "user name")
        guard !user.isEmpty else { throw AMQPError.invalidAddress("there is an '@' but no user name before it") }
        guard parts.count == 2 else {
            throw AMQPError.invalidAddress("user \(user) has no password; write amqp://\(user):PASSWORD@host")
        }
        guard !parts[1].contains("@") else {
            throw AMQPError.invalidAddress("the password of user \(user) holds '@'; write it as %40")
        }
        return (user, Sensitive(try decode(parts[1], what: "password", isSecret: true)))
    }

    private static func decodeHost(_ text: Substring) throws(AMQPError) -> (host: String, port: UInt16?) {
        var host = text
        var portText: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else {
                throw AMQPError.invalidAddress("the IPv6 address has no closing ']'")
            }
            host = text[text.index(after: text.startIndex)..<end]
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.first == ":" else {
                throw AMQPError.invalidAddress("there is '\(after)' after the IPv6 address")
            }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        let name = try decode(host, what: "host")
        guard !name.isEmpty, !name.contains(where: { $0.isWhitespace }) else {
            throw AMQPError.invalidAddress("the host is missing or holds a space")
        }
        guard let portText else { return (name, nil) }
        guard let port = UInt16(portText), port > 0 else {
            // Not quoted: after a '/' in a password that was not encoded, this is its beginning.
            throw AMQPError.invalidAddress(
                "the port must be 1 to 65535; if a password holds '/', '?' or '#', write %2F, %3F or %23")
        }
        return (name, port)
    }

    private mutating func apply(_ query: Substring) throws(AMQPError) {
        var certificate: String?
        var key: String?
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? try Self.decode(parts[1], what: "parameter \(parts[0])") : ""
            switch parts[0] {
            case "heartbeat":
                guard let seconds = Int(value), (2...600).contains(seconds) else {
                    throw AMQPError.invalidAddress("heartbeat is '\(value)'; it must be 2 to 600 seconds and cannot be off")
                }
                heartbeat = seconds
            case "auth_mechanism":
                switch value.lowercased() {
                case "plain": break
                case "external": authentication = .certificate
                default: throw AMQPError.invalidAddress("auth_mechanism is '\(value)'; only plain and external are known")
                }
            case "verify":
                guard value == "verify_peer" else {
                    throw AMQPError.invalidAddress("verify is '\(value)'; the check cannot be turned off, give cacertfile")
                }
            case "cacertfile" where tls != nil: tls?.authorityFile = value
            case "certfile" where tls != nil: certificate = value
            case "keyfile" where tls != nil: key = value
            case "cacertfile", "certfile", "keyfile":
                throw AMQPError.invalidAddress("\(parts[0]) needs amqps://")
            default:
                throw AMQPError.invalidAddress("the parameter '\(parts[0])' is not known")
            }
        }
        switch (certificate, key) {
        case (let certificate?, let key?): tls?.client = .init(certificateFile: certificate, keyFile: key)
        case (nil, nil): break
        default: throw AMQPError.invalidAddress("certfile and keyfile must be given together")
        }
        if authentication == .certificate, tls?.client == nil {
            throw AMQPError.invalidAddress("auth_mechanism=external needs amqps://, certfile and keyfile")
        }
    }

    private static func decode(_ text: Substring, what: String, isSecret: Bool = false) throws(AMQPError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16), value != 0, high != 0x2B
            else {
                throw AMQPError.invalidAddress("the \(what)\(isSecret ? "" : " '\(text)'") has a '%' without two hex digits")
            }
            bytes.append(value)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw AMQPError.invalidAddress("the \(what) is not UTF-8 after percent-decoding")
        }
        return decoded
    }
}

extension AMQPError {
    fileprivate static func invalidAddress(_ problem: String) -> AMQPError {
        AMQPError(
            .invalidAddress, "the broker address cannot be used: \(problem) (form: amqp://user:password@host:5672/vhost)")
    }
}
