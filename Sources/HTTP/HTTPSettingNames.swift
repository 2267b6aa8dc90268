/// How the messages of a failed connection call what a person may have to change.
package struct HTTPSettingNames: Sendable {
    /// Where the address stands.
    package let url: String
    /// Where the PEM of authorities stands.
    package let caBundle: String
    /// What to do when the certificate is for another host.
    package let otherHost: String
    /// What to do when the server demands a client certificate.
    package let demandedCertificate: String
    /// What to do when the server refuses the client's.
    package let refusedCertificate: String
    /// All that TLS depends on.
    package let all: String

    /// Of an AppBinding, the engine's connection.
    package static let appBinding = HTTPSettingNames(
        url: "clientConfig.url", caBundle: "clientConfig.caBundle",
        otherHost: "set clientConfig.serverName to a name that it has",
        demandedCertificate: "name a Secret with tls.crt and tls.key under spec.tlsSecret",
        refusedCertificate: "check tls.crt and tls.key of spec.tlsSecret, and whether the server trusts their authority",
        all: "caBundle, serverName, and tls.crt and tls.key of spec.tlsSecret")

    /// Of a Repository, the connection to its object store.
    package static let store = HTTPSettingNames(
        url: "the Repository's endpoint", caBundle: "CA_CERT_DATA in the Repository's Secret",
        otherHost: "use a name that it has in the Repository's endpoint",
        demandedCertificate: "stores cannot be given one: let the server ask for none",
        refusedCertificate: "stores cannot be given one: let the server ask for none",
        all: "CA_CERT_DATA in the Repository's Secret, and its endpoint")

    /// Of a hook, the connection to whatever it names.
    package static let hook = HTTPSettingNames(
        url: "the hook's host", caBundle: "the system's certificate authorities",
        otherHost: "use a name that it has as the hook's host",
        demandedCertificate: "hooks cannot be given one: let the server ask for none, or use exec",
        refusedCertificate: "hooks cannot be given one: let the server ask for none, or use exec",
        all: "the hook's host, and the system's certificate authorities")

    /// Of a Scheduler, the connection to its Pushgateway.
    package static let pushgateway = HTTPSettingNames(
        url: "--pushgateway", caBundle: "the system's certificates", otherHost: "use a name that it has in --pushgateway",
        demandedCertificate: "a Pushgateway cannot be given one: let it ask for none",
        refusedCertificate: "a Pushgateway cannot be given one: let it ask for none",
        all: "--pushgateway and the system's certificates")
}
