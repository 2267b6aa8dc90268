import FoundationEssentials
import HTTP
package import Runtime

/// Temporary credentials of a role, by the token that Kubernetes or another identity provider writes into a file
/// (AssumeRoleWithWebIdentity of AWS's Security Token Service).
///
/// They are renewed five minutes before they expire; the file is read each time, since its writer replaces it. A renewal that fails is told
/// once the old credentials have expired, and is tried again after half a minute until then.
package final class WebIdentityCredentials: CredentialSource {
    package struct Role: Sendable {
        /// Its Amazon Resource Name, `arn:aws:iam::123456789012:role/name`.
        package var name: String
        package var tokenFile: String
        /// URL of the service; `https://sts.<region>.amazonaws.com` on AWS.
        package var endpoint: String

        package init(name: String, tokenFile: String, endpoint: String) {
            self.name = name
            self.tokenFile = tokenFile
            self.endpoint = endpoint
        }
    }

    private static let margin: Duration = .seconds(300)
    private static let pause: Duration = .seconds(30)

    private struct Temporary {
        let credentials: AWSCredentials
        let expires: Timestamp
        /// When to renew them.
        var renewal: Timestamp
    }

    private struct State {
        var current: Temporary?
        var isRenewing = false
    }

    private let role: Role
    private let client: RemoteClient
    private let now: @Sendable () -> Timestamp
    private let state = Lock(State())

    package init(_ role: Role, caBundle: [UInt8]? = nil, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.role = role
        self.now = now
        client = RemoteClient(
            RemoteClient.Configuration(
                location: role.endpoint,
                credentials: "AWS_ROLE_ARN (\(role.name)), whom its trust policy names, and the token in \(role.tokenFile)",
                caBundle: caBundle, maxConnections: 1))
    }

    package func credentials() throws(ArchiveError) -> AWSCredentials {
        let held: AWSCredentials? = state.wait { state in
            let now = now()
            if let current = state.current, now < current.renewal || state.isRenewing && now < current.expires {
                return current.credentials
            }
            if state.isRenewing { return nil }
            state.isRenewing = true
            return .some(nil)
        }
        if let held { return held }
        defer {
            state.withLock { $0.isRenewing = false }
            state.notifyAll()
        }
        do throws(ArchiveError) {
            let renewed = try renewed()
            state.withLock { $0.current = renewed }
            return renewed.credentials
        } catch {
            let now = now()
            let remaining: AWSCredentials? = state.withLock { state in
                guard let current = state.current, now < current.expires else { return nil }
                state.current?.renewal = now + WebIdentityCredentials.pause
                return current.credentials
            }
            guard let remaining else { throw error }
            return remaining
        }
    }

    private func renewed() throws(ArchiveError) -> Temporary {
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role.name),
            ("RoleSessionName", "sheaf"),
            ("WebIdentityToken", try token()),
        ]
        let request = HTTPRequest(
            method: "POST", url: role.endpoint, headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: .bytes(Array(PercentEncoding.encoded(query: form).utf8)))
        let response = try client.send(request, to: "assume role \(role.name)", accepting: [200])
        let answer = try XMLElement(parsing: response.body)["AssumeRoleWithWebIdentityResult"]?["Credentials"]
        guard let key = answer?.text(of: "AccessKeyId"), let secret = answer?.text(of: "SecretAccessKey"),
            let session = answer?.text(of: "SessionToken"), let until = answer?.text(of: "Expiration"),
            // Text that is no time is no answer.
            let expires = try? Timestamp(parsing: until)
        else { throw ArchiveError(.unreachable, "\(role.endpoint) gives no credentials for role \(role.name): is it STS?") }
        let now = now()
        // Half of a life that is shorter than twice the margin.
        let life = expires - now
        return Temporary(
            credentials: AWSCredentials(accessKeyID: key, secretAccessKey: Sensitive(secret), sessionToken: Sensitive(session)),
            expires: expires, renewal: now + max(life - WebIdentityCredentials.margin, life / 2))
    }

    private func token() throws(ArchiveError) -> String {
        do {
            let text = try String(contentsOfFile: role.tokenFile, encoding: .utf8)
            return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        } catch {
            throw ArchiveError(
                .accessDenied,
                "cannot read the web identity token \(role.tokenFile): check AWS_WEB_IDENTITY_TOKEN_FILE and what is mounted there"
            )
        }
    }
}
