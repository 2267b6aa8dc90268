/// What a client asks for.
package struct WebRequest: Sendable {
    package let method: String
    /// Decoded, without the query.
    package let path: String
    /// What stood where the route's pattern has `{name}`.
    package var parameters: [String: String]
    /// Decoded, in the order given; a name may come twice.
    package let query: [(name: String, value: String)]
    package let headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        method: String = "GET", path: String, parameters: [String: String] = [:], query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.parameters = parameters
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The last value of that name in the query.
    package subscript(query name: String) -> String? {
        query.last { $0.name == name }?.value
    }

    /// The first header of that name, in either case.
    package subscript(header name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// What the server answers.
package struct WebResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Goes on until the body returns. When the client is gone, its task is cancelled.
        case stream(@Sendable (WebStream) async -> Void)
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var content: Body

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        content = .bytes(body)
    }

    /// - Parameter body: writes what there is, as it comes.
    package init(headers: [(name: String, value: String)], writing body: @escaping @Sendable (WebStream) async -> Void) {
        status = 200
        self.headers = headers
        content = .stream(body)
    }

    /// Empty where it is a stream.
    package var body: [UInt8] {
        if case .bytes(let bytes) = content { bytes } else { [] }
    }

    package static func text(
        _ text: String, status: Int = 200, contentType: String = "text/plain; charset=utf-8"
    ) -> WebResponse {
        WebResponse(status: status, headers: [("Content-Type", contentType)], body: Array(text.utf8))
    }
}

/// A method, a pattern of paths, and what answers it.
package struct WebRoute: Sendable {
    package typealias Handler = @Sendable (WebRequest) async -> WebResponse

    package let method: String
    package let pattern: String
    let segments: [Substring]
    let handler: Handler

    /// - Parameters:
    ///   - pattern: segments between slashes; `{name}` matches any one that is not empty, and hands it over as the parameter `name`.
    ///   - handler: one of GET answers HEAD too, without the body.
    package init(method: String, _ pattern: String, _ handler: @escaping Handler) {
        self.method = method
        self.pattern = pattern
        self.handler = handler
        segments = pattern.split(separator: "/", omittingEmptySubsequences: false)
    }

    package static func get(_ pattern: String, _ handler: @escaping Handler) -> WebRoute {
        WebRoute(method: "GET", pattern, handler)
    }

    package static func post(_ pattern: String, _ handler: @escaping Handler) -> WebRoute {
        WebRoute(method: "POST", pattern, handler)
    }

    /// The parameters of a path that matches.
    func parameters(of path: [Substring]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, word) in zip(segments, path) {
            if segment.hasPrefix("{"), segment.hasSuffix("}") {
                guard !word.isEmpty else { return nil }
                parameters[String(segment.dropFirst().dropLast())] = String(word)
            } else if segment != word {
                return nil
            }
        }
        return parameters
    }
}

/// Why no route answers a request.
package enum WebRefusal: Sendable, Equatable {
    case notFound
    /// The methods that the path has.
    case methodNotAllowed([String])
    /// Its body has more bytes than are read.
    case tooLarge(limit: Int)
    case stopping

    package var status: Int {
        switch self {
        case .notFound: 404
        case .methodNotAllowed: 405
        case .tooLarge: 413
        case .stopping: 503
        }
    }

    /// The sentence for it.
    package var text: String {
        switch self {
        case .notFound: "not found"
        case .methodNotAllowed: "method not allowed"
        case .tooLarge(let limit): "the body may have \(limit) bytes at most"
        case .stopping: "the server is stopping; ask again in a moment"
        }
    }
}
