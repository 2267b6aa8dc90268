/// What a client asks for.
package struct WebRequest: Sendable {
    package let method: String
    /// Decoded, without the query.
    package let path: String
    /// Decoded, in the order given; a name may come twice.
    package let query: [(name: String, value: String)]
    package let headers: [(name: String, value: String)]

    package init(
        method: String = "GET", path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
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
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func text(
        _ text: String, status: Int = 200, contentType: String = "text/plain; charset=utf-8"
    ) -> WebResponse {
        WebResponse(status: status, headers: [("Content-Type", contentType)], body: Array(text.utf8))
    }
}

/// One path and what answers it.
package struct WebRoute: Sendable {
    package let path: String
    let handler: @Sendable (WebRequest) -> WebResponse

    /// Answers GET, and HEAD without the body. The path matches exactly.
    ///
    /// The handler runs on the server's only thread: it must be quick and must not block.
    package static func get(_ path: String, _ handler: @escaping @Sendable (WebRequest) -> WebResponse) -> WebRoute {
        WebRoute(path: path, handler: handler)
    }
}
