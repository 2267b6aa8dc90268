import Runtime

/// One token for all threads of a store, renewed by one of them before it runs out: a pure value.
struct TokenCache {
    enum Step: Equatable {
        case use(Sensitive)
        /// The caller asks for a new token, and then says `keep` or `giveUp`.
        case renew
        /// Another one does; ask again when it is done.
        case wait
    }

    private struct Token {
        let text: Sensitive
        var renewal: Timestamp
        let end: Timestamp
    }

    /// Before a token's end, but never before half of its life is over.
    static let earliness = Duration.seconds(300)

    /// Between tries to renew a token that still serves.
    static let patience = Duration.seconds(30)

    private var token: Token?
    private var isRenewing = false

    mutating func step(at now: Timestamp) -> Step {
        if let token, now < token.renewal || isRenewing && now < token.end { return .use(token.text) }
        guard !isRenewing else { return .wait }
        isRenewing = true
        return .renew
    }

    mutating func keep(_ text: Sensitive, for life: Duration, at now: Timestamp) {
        token = Token(text: text, renewal: now + max(life - TokenCache.earliness, life / 2), end: now + life)
        isRenewing = false
    }

    /// No new one was to be had.
    /// - Returns: the old one, while it lasts; it is not renewed again for a while.
    mutating func giveUp(at now: Timestamp) -> Sensitive? {
        isRenewing = false
        guard let old = token, now < old.end else { return nil }
        token?.renewal = now + TokenCache.patience
        return old.text
    }

    /// A store did not take that token: it is not used again.
    mutating func refuse(_ text: Sensitive) {
        if token?.text == text { token = nil }
    }
}
