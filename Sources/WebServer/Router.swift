/// Finds what answers a request.
final class Router: Sendable {
    /// The largest body that is read.
    static let bodyLimit = 1 << 20

    private let routes: [WebRoute]
    private let refuse: @Sendable (WebRequest, WebRefusal) -> WebResponse

    init(_ routes: [WebRoute], refuse: @escaping @Sendable (WebRequest, WebRefusal) -> WebResponse) {
        self.routes = routes
        self.refuse = refuse
    }

    /// Routes that come first win.
    func response(to request: WebRequest) async -> WebResponse {
        let path = request.path.split(separator: "/", omittingEmptySubsequences: false)
        let method = request.method == "HEAD" ? "GET" : request.method
        var methods: [String] = []
        for route in routes {
            guard let parameters = route.parameters(of: path) else { continue }
            guard route.method == method else {
                methods += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
                continue
            }
            var request = request
            request.parameters = parameters
            return await route.handler(request)
        }
        return refusal(of: request, methods.isEmpty ? .notFound : .methodNotAllowed(methods))
    }

    func refusal(of request: WebRequest, _ reason: WebRefusal) -> WebResponse {
        var response = refuse(request, reason)
        switch reason {
        case .methodNotAllowed(let methods): response.headers.append(("Allow", methods.joined(separator: ", ")))
        case .stopping: response.headers.append(("Retry-After", "2"))
        case .notFound, .tooLarge: break
        }
        return response
    }
}
