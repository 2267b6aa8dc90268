import API
import Messages
import WebServer

extension WebResponse {
    /// Nothing of the API is to be kept by a browser or a proxy.
    private static let caution = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]

    static func problem(_ problem: Problem) -> WebResponse {
        var response = json(problem, status: problem.status, contentType: "application/problem+json")
        switch problem.code {
        case .unauthorized: response.headers.append(("WWW-Authenticate", "Bearer"))
        case .unavailable: response.headers.append(("Retry-After", "5"))
        default: break
        }
        return response
    }

    static func json(_ value: some Encodable, status: Int = 200, contentType: String = "application/json") -> WebResponse {
        do {
            let body = try MessageCoding.encode(value)
            return WebResponse(status: status, headers: [("Content-Type", contentType)] + caution, body: body)
        } catch {
            return WebResponse(status: 500, headers: caution)
        }
    }

    static let noContent = WebResponse(status: 204, headers: caution)
}

extension Problem {
    /// What no route answers.
    init(_ refusal: WebRefusal, of request: WebRequest) {
        switch refusal {
        case .notFound: self.init(.notFound, "there is nothing at this path; /openapi.yaml describes what there is")
        case .methodNotAllowed(let methods):
            self.init(.methodNotAllowed, "\(request.method) is not allowed here; there is \(methods.joined(separator: ", "))")
        case .tooLarge: self.init(.tooLarge, refusal.text)
        case .stopping: self.init(.unavailable, refusal.text)
        }
    }
}
