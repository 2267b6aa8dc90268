import Crypto
import HTTP
import Runtime

/// Tokens of a service account (RFC 7523): a signed assertion is exchanged for a token of an hour.
final class TokenSource: Sendable {
    private static let scope = "https://www.googleapis.com/auth/devstorage.read_write"
    /// Seconds, the most that Google takes.
    private static let life: Int64 = 3_600

    private let account: ServiceAccount
    private let client: RemoteClient
    private let cache = Lock(TokenCache())
    private let now: @Sendable () -> Timestamp

    init(account: ServiceAccount, client: RemoteClient, now: @escaping @Sendable () -> Timestamp) {
        self.account = account
        self.client = client
        self.now = now
    }

    /// Blocks while a token is asked for.
    func token() throws(ArchiveError) -> Sensitive {
        let step: TokenCache.Step = cache.wait { cache in
            let step = cache.step(at: now())
            return step == .wait ? nil : step
        }
        if case .use(let token) = step { return token }
        defer { cache.notifyAll() }
        do throws(ArchiveError) {
            let (token, life) = try ask()
            cache.withLock { $0.keep(token, for: life, at: now()) }
            return token
        } catch {
            guard let old = cache.withLock({ $0.giveUp(at: now()) }) else { throw error }
            return old
        }
    }

    func refuse(_ token: Sensitive) { cache.withLock { $0.refuse(token) } }

    private func ask() throws(ArchiveError) -> (token: Sensitive, life: Duration) {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        let body = Array("grant_type=\(grant)&assertion=\(try assertion())".utf8)
        let request = HTTPRequest(
            method: "POST", url: account.tokenAddress, headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: .bytes(body))
        let answer = try client.send(request, to: "get a token for \(account.email)", accepting: [200, 400, 401, 403])
        guard answer.status == 200 else {
            let refusal = RemoteRefusal(answer)
            let words = [refusal.code, refusal.message].compactMap { $0 }.joined(separator: ": ")
            throw ArchiveError(
                .accessDenied,
                "\(account.tokenAddress) gives \(account.email) no token for \(client.configuration.location): status \(answer.status) (\(words)); check "
                    + "\(client.configuration.credentials), whether the account is enabled, and this worker's clock")
        }
        guard let json = try? JSONValue(parsing: answer.body), let token = json["access_token"]?.string, !token.isEmpty else {
            throw ArchiveError(
                .unreachable,
                "\(account.tokenAddress) answers without a token: check that it is Google's, and what stands in between")
        }
        return (Sensitive(token), .seconds(max(1, json["expires_in"]?.int ?? Int(Self.life))))
    }

    private func assertion() throws(ArchiveError) -> String {
        let issued = now().millisecondsSinceEpoch / 1_000
        let header: JSONValue = ["alg": "RS256", "typ": "JWT", "kid": account.keyID.map { .string($0) } ?? nil]
        let claims: JSONValue = [
            "iss": .string(account.email), "scope": .string(Self.scope), "aud": .string(account.tokenAddress),
            "iat": JSONValue(issued),
            "exp": JSONValue(issued + Self.life),
        ]
        let text = [header, claims].map { $0.serializedBytes().base64URL }.joined(separator: ".")
        let key = Array(account.privateKey.reveal().utf8)
        let signature = try digesting { () throws(CryptoError) in
            try RSASignature.sha256(of: Array(text.utf8), privateKey: key)
        }
        guard let signature else {
            throw ArchiveError(
                .invalid, "the private_key of \(account.email) is no RSA key in PEM: take the whole JSON file that Google makes")
        }
        return "\(text).\(signature.base64URL)"
    }
}
