import API
import HTTP
import Messages
import Runtime

/// One command's conversation with the Scheduler's HTTP API. Calls block; used by one task.
final class APIClient {
    private let url: String
    private let token: Sensitive
    private let client: HTTPClient

    /// - Parameter authorities: PEM certificates in place of the system's.
    init(url: String, token: Sensitive, authorities: String?) throws {
        self.url = url
        self.token = token
        var configuration = HTTPClientConfiguration()
        configuration.tls.caBundle = authorities.map { Array($0.utf8) }
        client = try HTTPClient(configuration: configuration)
    }

    func get<Answer: Decodable>(_ path: String, as type: Answer.Type = Answer.self) throws -> Answer {
        try decode(try send("GET", path, body: []).body, path)
    }

    func text(_ path: String) throws -> String { String(decoding: try send("GET", path, body: []).body, as: UTF8.self) }

    @discardableResult
    func post(_ path: String, key: String? = nil, _ body: (any Encodable)? = nil) throws -> [UInt8] {
        try send("POST", path, body: try body.map { try MessageCoding.encode($0) } ?? [], key: key).body
    }

    func start(_ path: String, key: String?) throws -> SessionID {
        try decode(try post(path, key: key), path, as: StartedSession.self).session
    }

    /// Hands on the lines of a stream of events until it ends or `isWanted` says no.
    func lines(_ path: String, after id: String?, _ take: (String) throws -> Void) throws {
        var rest: [UInt8] = []
        let response = try naming {
            try client.send(request("GET", path, [], headers: id.map { ["Last-Event-ID": $0] } ?? [:])) { bytes in
                rest += bytes
                while let end = rest.firstIndex(of: 0x0A) {
                    try take(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                }
            }
        }
        try check(response, path)
    }

    private func send(_ method: String, _ path: String, body: [UInt8], key: String? = nil) throws -> HTTPResponse {
        let response = try naming {
            try client.send(request(method, path, body, headers: key.map { ["Idempotency-Key": $0] } ?? [:]))
        }
        try check(response, path)
        return response
    }

    private func request(_ method: String, _ path: String, _ body: [UInt8], headers: [String: String]) -> HTTPRequest {
        var request = HTTPRequest(method: method, url: url + path, body: body.isEmpty ? .none : .bytes(body))
        request.headers["Authorization"] = "Bearer \(token.reveal())"
        if !body.isEmpty { request.headers["Content-Type"] = "application/json" }
        for (name, value) in headers { request.headers[name] = value }
        return request
    }

    private func naming<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as HTTPError {
            throw CommandError(.unreachable, "the Scheduler's API at \(url) does not answer: \(error.message)")
        }
    }

    /// - Throws: what the API says is wrong, as the error of a command.
    private func check(_ response: HTTPResponse, _ path: String) throws {
        guard !(200..<300).contains(response.status) else { return }
        let problem: Problem
        do {
            problem = try MessageCoding.decode(Problem.self, from: response.body)
        } catch {
            throw CommandError(.failed, "\(url)\(path) answered \(response.status); is that the API of a Scheduler?")
        }
        throw CommandError(problem)
    }

    private func decode<Answer: Decodable>(
        _ bytes: [UInt8], _ path: String, as type: Answer.Type = Answer.self
    ) throws -> Answer {
        do {
            return try MessageCoding.decode(type, from: bytes)
        } catch {
            throw CommandError(
                .failed,
                "the answer of \(url)\(path) cannot be read (\(MessageCoding.complaint(error))); are both of one version?")
        }
    }
}

extension CommandError {
    init(_ problem: Problem) {
        let code: Code =
            switch problem.code {
            case .invalid, .methodNotAllowed, .tooLarge, .unsupportedMediaType: .usage
            case .unauthorized, .forbidden, .conflict, .changed: .refused
            case .notFound: .notFound
            case .unavailable, .unreachable: .unreachable
            case .failed: .failed
            }
        self.init(code, problem.detail)
    }
}
