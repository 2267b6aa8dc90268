/// How to reach one cluster and as whom.
package struct ClusterConfiguration: Sendable {
    package enum Credential: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
        case none
        case basic(user: String, password: String)
        /// Base64 of `id:key`, as the server hands it out.
        case apiKey(String)
        case bearer(String)

        /// The kind alone: secrets never print themselves.
        package var description: String {
            switch self {
            case .none: "none"
            case .basic(let user, _): "basic(\(user))"
            case .apiKey: "apiKey"
            case .bearer: "bearer"
            }
        }

        package var debugDescription: String { description }
    }

    /// Base URL, with a path prefix when the cluster sits behind one; no user part, no query.
    package var url: String
    package var credential: Credential
    /// PEM certificates that replace the system's authorities.
    package var caBundle: [UInt8]?
    /// Name in the server's certificate when it is not the URL's host.
    package var serverName: String?
    package var insecureSkipTLSVerify: Bool

    package init(
        url: String, credential: Credential = .none, caBundle: [UInt8]? = nil, serverName: String? = nil,
        insecureSkipTLSVerify: Bool = false
    ) {
        self.url = url
        self.credential = credential
        self.caBundle = caBundle
        self.serverName = serverName
        self.insecureSkipTLSVerify = insecureSkipTLSVerify
    }
}
