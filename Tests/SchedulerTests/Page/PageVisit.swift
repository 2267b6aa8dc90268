import API
import Messages
import Runtime
import Testing

@testable import Scheduler
@testable import WebServer

/// A browser with cookies, in front of the page's routes.
final class PageVisit {
    static let tokens: [String: Actor] = [
        "viewer-secret": Actor(name: "vera", roles: [.viewer]), "operator-secret": Actor(name: "otto", roles: [.operator]),
        "restorer-secret": Actor(name: "rita", roles: [.restorer]), "admin-secret": Actor(name: "anna", roles: [.admin]),
    ]

    let operations = FakeOperations()
    let tokens = Lock(PageVisit.tokens)
    let now = Lock(Timestamp(millisecondsSinceEpoch: 1_795_442_531_000))
    let logins: PageLogins
    private let router: Router
    private(set) var cookies: [String: String] = [:]

    init() {
        let (tokens, now) = (tokens, now)
        logins = PageLogins(actor: { token in tokens.withLock { $0[token] } }, now: { now.withLock { $0 } })
        let routes = pageRoutes(
            operations: operations, logins: logins, version: "1",
            logger: Logger(label: "test", level: .critical, handler: SilentHandler()))
        router = Router(routes) { _, refusal in .text(refusal.text, status: refusal.status) }
    }

    func get(_ path: String, query: [(String, String)] = []) async -> WebResponse {
        await send(WebRequest(path: path, query: query.map { ($0.0, $0.1) }, headers: headers))
    }

    func post(
        _ path: String, _ fields: [(String, String)] = [], type: String = "application/x-www-form-urlencoded",
        more: [(String, String)] = []
    ) async -> WebResponse {
        let body = fields.map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
        return await send(
            WebRequest(
                method: "POST", path: path, headers: headers + [("Content-Type", type)] + more.map { ($0.0, $0.1) },
                body: Array(body.utf8)))
    }

    /// With the token that the forms of the page carry.
    func submit(_ path: String, _ fields: [(String, String)] = []) async -> WebResponse {
        await post(path, [("formToken", await formToken(of: "/"))] + fields)
    }

    func logIn(_ token: String, next: String? = nil) async -> WebResponse {
        let form = await formToken(of: "/login")
        return await post("/login", [("formToken", form), ("token", token)] + (next.map { [("next", $0)] } ?? []))
    }

    func formToken(of path: String) async -> String {
        let text = await get(path).text
        return text.firstMatch(of: /name="formToken" value="([^"]*)"/).map { String($0.output.1) } ?? ""
    }

    private var headers: [(name: String, value: String)] {
        cookies.isEmpty ? [] : [("Cookie", cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))]
    }

    private func send(_ request: WebRequest) async -> WebResponse {
        let response = await router.response(to: request)
        for header in response.headers where header.name == "Set-Cookie" {
            guard let match = header.value.firstMatch(of: /^(\w+)=([^;]*)/) else { continue }
            cookies[String(match.output.1)] = header.value.contains("Max-Age=0") ? nil : String(match.output.2)
        }
        return response
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

struct SilentHandler: LogHandler {
    func log(_ record: LogRecord) {}
}

extension WebResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    var location: String? { header("Location") }
}
