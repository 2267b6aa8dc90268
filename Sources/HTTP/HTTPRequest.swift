/// One request. Valid for one thread and, with a borrowed body, for as long as that memory lives.
package struct HTTPRequest {
    package enum Body {
        case none
        case bytes([UInt8])
        /// Sent without a copy; must stay valid until `send` returns.
        case borrowed(UnsafeRawBufferPointer)
    }

    package var method: String
    /// Absolute `http` or `https` URL, percent-encoded; dot segments are sent as they are. A user part is refused.
    package var url: String
    package var headers: HTTPHeaders
    package var body: Body

    package init(method: String = "GET", url: String, headers: HTTPHeaders = [:], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// A complete response of any status.
package struct HTTPResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// Empty when a sink took the bytes.
    package let body: [UInt8]
    /// The server's, when this request made the connection.
    package let certificate: ServerCertificate?

    package init(status: Int, headers: HTTPHeaders, body: [UInt8], certificate: ServerCertificate? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.certificate = certificate
    }

    package var isSuccess: Bool { (200..<300).contains(status) }
}
