import CCurl

/// Sends requests one after the other over connections that it keeps alive.
///
/// Every call blocks: use one client per blocking thread. HTTP/1.1 only; redirects are not followed; bodies are asked for and
/// sent without content encoding. Proxies come from the environment (`https_proxy`, `no_proxy`), as libcurl reads it.
package final class HTTPClient {
    /// Asked at least once a second while a request runs; true ends it with `.cancelled`.
    package var isCancelled: @Sendable () -> Bool
    let configuration: HTTPClientConfiguration
    var handle: EasyHandle

    package init(
        configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(HTTPError) {
        self.configuration = configuration
        self.isCancelled = isCancelled
        handle = try EasyHandle()
    }

    /// Collects the whole response, whatever its status.
    package func send(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
        try run(request, sink: nil).response
    }

    /// Hands the body of a 2xx response to `sink` as it arrives, in pieces of any size; other bodies are collected.
    ///
    /// - Throws: `HTTPError`, or what `sink` threw: the transfer is aborted then. Bytes given to the sink before an error are
    ///   not a complete response.
    package func send(_ request: HTTPRequest, streamingTo sink: (UnsafeRawBufferPointer) throws -> Void) throws -> HTTPResponse {
        let (response, sinkError) = try withoutActuallyEscaping(sink) { try run(request, sink: $0) }
        if let sinkError { throw sinkError }
        return response
    }

    private func run(
        _ request: HTTPRequest, sink: Transfer.Sink?
    ) throws(HTTPError) -> (response: HTTPResponse, sinkError: (any Error)?) {
        var url = try RequestURL(request.url)
        var request = request
        if let signer = configuration.signer {
            request = try signer.signed(request, to: url, host: configuration.tls.serverName ?? url.hostHeader)
            url = try RequestURL(request.url)
        }
        let transfer = Transfer(
            sink: sink, isCancelled: isCancelled, maximumBodyBytes: configuration.maximumBodyBytes,
            cutsBody: configuration.cutsBodies)
        if transfer.poll() {
            throw HTTPError(
                code: .cancelled, message: "\(request.method) \(url.printable) was cancelled before it started", wasSent: false)
        }
        try handle.reset()
        try configure(url: url, request: request)
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        try handle.setCallbacks(
            context: context, body: Transfer.bodyCallback, header: Transfer.headerCallback, progress: Transfer.progressCallback)
        let code = try withExtendedLifetime(transfer) { () throws(HTTPError) in try perform(request) }
        let isCut =
            configuration.cutsBodies && transfer.isHeadComplete && (transfer.isTooLarge || code == CURLE_OPERATION_TIMEDOUT)
        if transfer.sinkError == nil, code != CURLE_OK, !isCut {
            let failure = try failure(code, transfer, request, url)
            // A handle whose transfer ended before it had a connection (unknown host) keeps its buffer, and refuses every other one.
            handle = try EasyHandle()
            throw failure
        }
        // libcurl takes a connection that ends within the headers for an empty response.
        guard transfer.isHeadComplete else {
            throw HTTPError(
                code: .transport,
                message: "\(request.method) \(url.printable): the connection ended within the response's headers")
        }
        let response = HTTPResponse(
            status: try handle.status(), headers: transfer.headers, body: transfer.body, certificate: handle.certificate())
        // What is left of a body must not be the next request's answer.
        if isCut { handle = try EasyHandle() }
        return (response, transfer.sinkError)
    }

    private func perform(_ request: HTTPRequest) throws(HTTPError) -> CURLcode {
        switch request.body {
        case .none:
            if request.method == "POST" || request.method == "PUT" {
                try handle.setBody(UnsafeRawBufferPointer(start: nil, count: 0))
            }
            return handle.perform()
        case .borrowed(let bytes):
            try handle.setBody(bytes)
            return handle.perform()
        case .bytes(let bytes):
            return try bytes.withUnsafeBufferPointer { (buffer) throws(HTTPError) in
                try handle.setBody(UnsafeRawBufferPointer(buffer))
                return handle.perform()
            }
        }
    }

    private func configure(url: RequestURL, request: HTTPRequest) throws(HTTPError) {
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try handle.set(CURLOPT_PATH_AS_IS, 1)
        try handle.set(CURLOPT_BUFFERSIZE, 512 << 10)
        try handle.set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        try handle.set(CURLOPT_TCP_KEEPALIVE, 1)
        try handle.set(CURLOPT_MAXCONNECTS, 4)
        try handle.set(CURLOPT_USERAGENT, configuration.userAgent)
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, configuration.connectTimeout.milliseconds))
        try handle.set(CURLOPT_LOW_SPEED_LIMIT, 1)
        try handle.set(CURLOPT_LOW_SPEED_TIME, max(1, configuration.stallTimeout.milliseconds / 1000))
        if let total = configuration.totalTimeout { try handle.set(CURLOPT_TIMEOUT_MS, max(1, total.milliseconds)) }
        if request.method == "HEAD" { try handle.set(CURLOPT_NOBODY, 1) }
        try handle.set(CURLOPT_CUSTOMREQUEST, try HTTPClient.checked(request.method, "the method"))
        var host: String?
        if url.scheme == "https" { host = try configureTLS(url) } else { try handle.set(CURLOPT_URL, url.text) }
        try handle.set(CURLOPT_HTTPHEADER, list: try headerLines(request, host: host))
    }

    /// - Returns: the `Host` header to send when the certificate's name replaces the host in the dialled URL.
    private func configureTLS(_ url: RequestURL) throws(HTTPError) -> String? {
        let tls = configuration.tls
        try handle.set(CURLOPT_SSL_VERIFYPEER, tls.insecureSkipTLSVerify ? 0 : 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, tls.insecureSkipTLSVerify ? 0 : 2)
        try handle.set(CURLOPT_CERTINFO, 1)
        if let caBundle = tls.caBundle { try handle.set(CURLOPT_CAINFO_BLOB, blob: caBundle) }
        if let certificate = tls.clientCertificate, let key = tls.clientKey {
            try handle.set(CURLOPT_SSLCERT_BLOB, blob: certificate)
            try handle.set(CURLOPT_SSLKEY_BLOB, blob: key)
        }
        guard let name = tls.serverName, name != url.host else {
            try handle.set(CURLOPT_URL, url.text)
            return nil
        }
        // libcurl takes SNI and the verified name from the URL's host, so the name goes there and the address into CONNECT_TO.
        try handle.set(CURLOPT_URL, "https://\(name):\(url.port)\(url.target)")
        try handle.set(CURLOPT_CONNECT_TO, list: ["\(name):\(url.port):\(url.host):\(url.port)"])
        return "\(url.host):\(url.port)"
    }

    private func headerLines(_ request: HTTPRequest, host: String?) throws(HTTPError) -> [String] {
        // An empty value removes what libcurl would add by itself.
        var lines = ["Expect:"]
        if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        if request.headers["Accept"] == nil { lines.append("Accept: */*") }
        if let host, request.headers["Host"] == nil { lines.append("Host: \(host)") }
        for (name, value) in request.headers {
            let name = try HTTPClient.checked(name, "a header name")
            // A semicolon instead of a colon is libcurl's notation for a header without a value.
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(try HTTPClient.checked(value, "the value of header \(name)"))")
        }
        return lines
    }

    /// Line ends inside a header would let its value add headers of its own.
    private static func checked(_ text: String, _ what: String) throws(HTTPError) -> String {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw HTTPError(code: .invalidRequest, message: "\(what) of the request holds control characters")
        }
        return text
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
