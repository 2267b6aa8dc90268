/// A cookie that the server sets (RFC 6265): never read by scripts, never sent by another site's page, for the whole server.
package struct SetCookie: Sendable, Equatable {
    package var name: String
    /// Letters, digits, `-` and `_`: what needs no quoting.
    package var value: String
    /// Seconds that it lives; 0 deletes it. Nil: as long as the browser runs.
    package var seconds: Int?
    /// Sent back over TLS alone.
    package var isSecure: Bool

    package init(name: String, value: String, seconds: Int? = nil, isSecure: Bool) {
        self.name = name
        self.value = value
        self.seconds = seconds
        self.isSecure = isSecure
    }

    package var header: (name: String, value: String) {
        let age = seconds.map { "; Max-Age=\($0)" } ?? ""
        return ("Set-Cookie", "\(name)=\(value); Path=/; HttpOnly; SameSite=Strict\(age)\(isSecure ? "; Secure" : "")")
    }
}

extension WebRequest {
    /// The value of the first cookie of that name.
    package subscript(cookie name: String) -> String? {
        for header in headers where header.name.lowercased() == "cookie" {
            for pair in header.value.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2, parts[0] == name { return String(parts[1]) }
            }
        }
        return nil
    }
}
