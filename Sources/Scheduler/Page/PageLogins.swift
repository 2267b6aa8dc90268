package import API
import Crypto
import Messages
package import Runtime
package import WebServer

/// The logins of one Scheduler's page, and how a request names its own.
package final class PageLogins: Sendable {
    static let cookie = "sheaf_session"

    /// Who a request is of.
    struct Visitor: Sendable {
        let actor: Actor
        let formToken: Sensitive
    }

    private let book = Lock(LoginBook())
    private let actor: @Sendable (String) -> Actor?
    let now: @Sendable () -> Timestamp

    /// - Parameter actor: of a token; nil for a wrong one. Asked at each request.
    package init(actor: @escaping @Sendable (String) -> Actor?, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.actor = actor
        self.now = now
    }

    /// Who is logged in by the request's cookie. To be asked for what reads alone: a form proves by its token that it is meant.
    package func actor(of request: WebRequest) -> Actor? { visitor(of: request)?.actor }

    func visitor(of request: WebRequest) -> Visitor? {
        guard let id = request[cookie: Self.cookie], let login = book.withLock({ $0.login(id, at: now()) }) else { return nil }
        guard let actor = actor(login.token.reveal()) else {
            book.withLock { $0.end(id) }
            return nil
        }
        return Visitor(actor: actor, formToken: login.formToken)
    }

    enum Attempt: Sendable {
        /// The id for the cookie.
        case begun(id: String, actor: Actor)
        case wrong
        case tooMany(wait: Duration)
    }

    func begin(token: String) throws(CryptoError) -> Attempt {
        guard let actor = actor(token) else {
            // Whoever has a right token is let in, whatever others try.
            if let wait = book.withLock({ $0.wait(at: now()) }) { return .tooMany(wait: wait) }
            book.withLock { $0.recordFailure(at: now()) }
            return .wrong
        }
        let id = try Self.randomText()
        let formToken = Sensitive(try Self.randomText())
        book.withLock { $0.begin(Sensitive(token), id: id, formToken: formToken, at: now()) }
        return .begun(id: id, actor: actor)
    }

    func end(of request: WebRequest) {
        if let id = request[cookie: Self.cookie] { book.withLock { $0.end(id) } }
    }

    /// 32 random bytes.
    static func randomText() throws(CryptoError) -> String { try randomBytes(32).base64URL }
}
