import CCurl

/// A checked URL: what is dialled, what the certificate must say, and what may be printed.
struct RequestURL {
    let text: String
    let scheme: String
    let host: String
    let port: Int
    /// Scheme, host and port as given, where path and query follow.
    let origin: String
    /// Path and query as given.
    let target: String
    /// Scheme, host, port and path: neither user nor query, since queries carry signatures.
    let printable: String

    /// - Throws: `.invalidRequest` for anything but an absolute http or https URL without a user part.
    init(_ text: String) throws(HTTPError) {
        guard let schemeEnd = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw RequestURL.refusal("has no scheme") }
        let scheme = text[..<schemeEnd].lowercased()
        guard scheme == "http" || scheme == "https" else { throw RequestURL.refusal("is neither http nor https") }
        let rest = text[text.utf8.index(after: schemeEnd)...]
        guard rest.hasPrefix("//") else { throw RequestURL.refusal("is not absolute") }
        let afterSlashes = rest.dropFirst(2)
        let authorityEnd = afterSlashes.firstIndex { "/?#".contains($0) } ?? afterSlashes.endIndex
        guard authorityEnd > afterSlashes.startIndex else { throw RequestURL.refusal("has no host") }
        guard !afterSlashes[..<authorityEnd].contains("@") else {
            throw RequestURL.refusal("carries a user or password; give credentials in a Secret instead")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw RequestURL.refusal("holds spaces or control characters; percent-encode them")
        }
        guard let handle = curl_url() else {
            throw HTTPError(code: .transport, message: "out of memory while reading a URL")
        }
        defer { curl_url_cleanup(handle) }
        let parsed = curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_PATH_AS_IS))
        guard parsed == CURLUE_OK else {
            throw RequestURL.refusal("cannot be read: \(String(cString: curl_url_strerror(parsed)))")
        }
        self.text = text
        self.scheme = scheme
        host = try RequestURL.part(handle, CURLUPART_HOST)
        guard let port = Int(try RequestURL.part(handle, CURLUPART_PORT)) else { throw RequestURL.refusal("has no usable port") }
        self.port = port
        origin = String(text[..<authorityEnd])
        let path = afterSlashes[authorityEnd...]
        target = path.isEmpty ? "/" : String(path)
        printable = "\(scheme)://\(host):\(port)\(target.prefix { $0 != "?" && $0 != "#" })"
    }

    /// Value of the `Host` header: the port is left out where it is the scheme's own.
    var hostHeader: String { port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)" }

    private static func part(_ handle: OpaquePointer, _ part: CURLUPart) throws(HTTPError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        let code = curl_url_get(handle, part, &text, UInt32(CURLU_DEFAULT_PORT))
        guard code == CURLUE_OK, let text else {
            throw refusal("cannot be read: \(String(cString: curl_url_strerror(code)))")
        }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// Never quotes the URL: it may be the part that must not be printed.
    private static func refusal(_ cause: String) -> HTTPError {
        HTTPError(code: .invalidRequest, message: "the URL of the request \(cause)")
    }
}
