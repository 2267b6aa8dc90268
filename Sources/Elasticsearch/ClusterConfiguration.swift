package import HTTP
package import Runtime

/// How to reach one cluster and as whom.
package struct ClusterConfiguration: Sendable {
    package enum Credential: Sendable {
        case none
        case basic(user: String, password: Sensitive)
        /// Base64 of `id:key`, as the server hands it out.
        case apiKey(Sensitive)
        case bearer(Sensitive)
        /// Signs each request for an Amazon gateway.
        case signature(RequestSigner)
    }

    /// Base URL, with a path prefix when the cluster sits behind one; no user part, no query.
    package var url: String
    /// Further addresses of the same cluster, which are used when one does not answer.
    package var endpoints: [String] = []
    package var credential: Credential
    /// PEM certificates that replace the system's authorities.
    package var caBundle: [UInt8]?
    /// PEM chain and PEM key to show to the server; both or none.
    package var clientCertificate: [UInt8]?
    package var clientKey: Sensitive?
    /// Name in the server's certificate when it is not the URL's host.
    package var serverName: String?
    package var insecureSkipTLSVerify: Bool
    /// What is known of the cluster better than it tells itself.
    package var overrides = CapabilityOverrides()

    package init(
        url: String, credential: Credential = .none, caBundle: [UInt8]? = nil, clientCertificate: [UInt8]? = nil,
        clientKey: Sensitive? = nil, serverName: String? = nil, insecureSkipTLSVerify: Bool = false
    ) {
        self.url = url
        self.credential = credential
        self.caBundle = caBundle
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.serverName = serverName
        self.insecureSkipTLSVerify = insecureSkipTLSVerify
    }
}
