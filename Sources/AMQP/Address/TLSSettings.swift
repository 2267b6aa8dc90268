/// How a broker's certificate is checked and what this side shows; TLS 1.2 or newer, host name always checked.
///
/// librabbitmq 0.11 cannot match a certificate against an IP address: connect by the name in the certificate.
package struct TLSSettings: Sendable, Hashable {
    /// Debian's bundle of public authorities.
    package static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

    /// PEM file of the authorities that may have signed the broker's certificate.
    package var authorityFile: String
    package var client: ClientCertificate?

    /// PEM files that prove this side to the broker.
    package struct ClientCertificate: Sendable, Hashable {
        package var certificateFile: String
        package var keyFile: String

        package init(certificateFile: String, keyFile: String) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    package init(authorityFile: String = Self.systemAuthorities, client: ClientCertificate? = nil) {
        self.authorityFile = authorityFile
        self.client = client
    }
}
