import Messages
import Runtime

/// Who is logged in to the page, and how many wrong tokens may still be tried. Time and randomness come in; docs/page.md has the rules.
struct LoginBook: Sendable {
    /// A login that stands for a token.
    struct Login: Sendable {
        /// Looked up at each request, so that one that is taken away ends its logins.
        let token: Sensitive
        /// What the login's forms carry.
        let formToken: Sensitive
        let expires: Timestamp
    }

    static let lifetime = Duration.seconds(12 * 3600)
    static let limit = 1000
    /// Wrong tokens that may be tried at once.
    static let purse = 20
    /// After which one more may be.
    static let refill = Duration.seconds(3)

    private var logins: [String: Login] = [:]
    /// When the purse will be full again.
    private var fullAt: Timestamp?

    /// How long to wait before a token is looked at; nil: it may be now.
    func wait(at now: Timestamp) -> Duration? {
        guard let fullAt else { return nil }
        let wait = (fullAt - now) - (Self.refill * (Self.purse - 1))
        return wait > .zero ? wait : nil
    }

    /// A wrong token was given.
    mutating func recordFailure(at now: Timestamp) {
        fullAt = max(fullAt ?? now, now) + Self.refill
    }

    /// - Parameters:
    ///   - id: at random; it is all that the browser keeps.
    ///   - formToken: at random.
    mutating func begin(_ token: Sensitive, id: String, formToken: Sensitive, at now: Timestamp) {
        logins = logins.filter { $0.value.expires > now }
        if logins.count >= Self.limit, let oldest = logins.min(by: { $0.value.expires < $1.value.expires }) {
            logins[oldest.key] = nil
        }
        logins[id] = Login(token: token, formToken: formToken, expires: now + Self.lifetime)
    }

    /// Nil: there is none, or it is over.
    func login(_ id: String, at now: Timestamp) -> Login? {
        guard let login = logins[id], login.expires > now else { return nil }
        return login
    }

    mutating func end(_ id: String) { logins[id] = nil }

    var count: Int { logins.count }
}
