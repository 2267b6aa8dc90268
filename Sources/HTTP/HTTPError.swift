/// Why a request got no complete response. A response with an error status is not an `HTTPError`.
package struct HTTPError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The URL, a header or an option is refused before anything is sent.
        case invalidRequest
        case resolve
        case connect
        case tls
        case timeout
        case cancelled
        /// The response is bigger than the caller's limit.
        case tooLarge
        /// The connection broke or the peer does not speak HTTP.
        case transport
    }

    package let code: Code
    /// Names method and URL without user, password and query.
    package let message: String
    /// False when the server certainly never saw the request, so that it may go to another address whatever it does.
    package let wasSent: Bool

    package init(code: Code, message: String, wasSent: Bool = true) {
        self.code = code
        self.message = message
        self.wasSent = wasSent
    }

    /// Whether the same request may succeed later. Whether it may be repeated at all is the caller's knowledge.
    package var isRetryable: Bool {
        switch code {
        case .resolve, .connect, .timeout, .transport: true
        case .invalidRequest, .tls, .cancelled, .tooLarge: false
        }
    }

    package var description: String { message }
}
