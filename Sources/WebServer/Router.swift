/// Finds what answers a request.
final class Router: Sendable {
    private let routes: [String: WebRoute]

    init(_ routes: [WebRoute]) {
        self.routes = Dictionary(routes.map { ($0.path, $0) }) { $1 }
    }

    func response(to request: WebRequest) -> WebResponse {
        guard let route = routes[request.path] else { return .text("not found\n", status: 404) }
        guard request.method == "GET" || request.method == "HEAD" else {
            var response = WebResponse.text("method not allowed\n", status: 405)
            response.headers.append(("Allow", "GET, HEAD"))
            return response
        }
        return route.handler(request)
    }
}
