/// What all requests of one client share: TLS, time limits and the limit of a collected body.
package struct HTTPClientConfiguration: Sendable {
    package struct TLS: Sendable {
        /// PEM bundle that replaces the system's certificate authorities.
        package var caBundle: [UInt8]?
        /// PEM chain and PEM key of the client; both or none.
        package var clientCertificate: [UInt8]?
        package var clientKey: [UInt8]?
        /// Name that the certificate must carry and that is sent as SNI, when it differs from the URL's host.
        package var serverName: String?
        package var insecureSkipTLSVerify: Bool

        package init(
            caBundle: [UInt8]? = nil, clientCertificate: [UInt8]? = nil, clientKey: [UInt8]? = nil,
            serverName: String? = nil, insecureSkipTLSVerify: Bool = false
        ) {
            self.caBundle = caBundle
            self.clientCertificate = clientCertificate
            self.clientKey = clientKey
            self.serverName = serverName
            self.insecureSkipTLSVerify = insecureSkipTLSVerify
        }
    }

    package var tls: TLS
    /// Signs each request; nil: requests go out as they are.
    package var signer: RequestSigner?
    package var connectTimeout: Duration
    /// A transfer without a byte in either direction for this long is a timeout; whole seconds, at least one.
    package var stallTimeout: Duration
    /// Limit of a whole request, the connection included.
    package var totalTimeout: Duration?
    /// Bytes of a collected body above which the transfer is given up.
    package var maximumBodyBytes: Int
    /// A longer body is cut there instead, and so is one that has not come to its end at the limit of the whole request: the status counts.
    package var cutsBodies = false
    package var userAgent: String
    /// How messages call what a person may have to change.
    package var settings: HTTPSettingNames

    package init(
        tls: TLS = TLS(), signer: RequestSigner? = nil, connectTimeout: Duration = .seconds(5),
        stallTimeout: Duration = .seconds(60),
        totalTimeout: Duration? = nil, maximumBodyBytes: Int = 256 << 20, userAgent: String = "sheaf",
        settings: HTTPSettingNames = .appBinding
    ) {
        self.tls = tls
        self.signer = signer
        self.connectTimeout = connectTimeout
        self.stallTimeout = stallTimeout
        self.totalTimeout = totalTimeout
        self.maximumBodyBytes = maximumBodyBytes
        self.userAgent = userAgent
        self.settings = settings
    }
}
