/// The rules for `clientConfig.url`: `http(s)://host[:port][/path]` and nothing that would carry a credential.
enum ClusterURL {
    /// What is wrong with the URL, nil when nothing. Shows the URL only when it cannot contain a password.
    static func problem(_ url: String) -> String? {
        guard let colon = url.range(ofText: "://") else {
            return "expected http://host:port or https://host:port"
        }
        let scheme = url[..<colon.lowerBound]
        let rest = url[colon.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        if authority.contains("@") {
            return "the address must not contain a user or a password; put them in the AppBinding's secret"
        }
        if rest.contains("?") { return "the address must not have a query (\"?\" and what follows)" }
        if rest.contains("#") { return "the address must not have a fragment (\"#\" and what follows)" }
        guard scheme == "http" || scheme == "https" else { return "expected http or https, found \"\(scheme)\"" }
        guard !rest.contains(where: \.isWhitespace) else { return "the address must not contain blanks" }
        let (host, port) = split(authority)
        guard !host.isEmpty else { return "expected a host after \(scheme)://" }
        guard let port else { return nil }
        guard let number = Int(port), (1...65_535).contains(number) else {
            return "expected a port number from 1 to 65535, found \"\(port)\""
        }
        return nil
    }

    /// Host and port, the host of an IPv6 address in its brackets.
    private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
        let start = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[start...].lastIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }
}

extension String {
    fileprivate func range(ofText text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
