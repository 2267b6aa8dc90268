/// A failed TLS handshake in a sentence: what is wrong, and which setting is to be changed.
enum TLSFailure: Equatable {
    case unknownAuthority
    case expired
    case notYetValid
    case otherHost
    case plainServer
    case certificateDemanded
    case certificateRefused
    case unusableSetting
    case other

    /// - Parameter reason: what libcurl and OpenSSL say.
    init(_ reason: String) {
        let text = reason.lowercased()
        func says(_ parts: String...) -> Bool { parts.contains { text.contains($0) } }
        self =
            if says("certificate has expired") {
                .expired
            } else if says("not yet valid") {
                .notYetValid
            } else if says("does not match target host name", "no alternative certificate subject name") {
                .otherHost
            } else if says("alert certificate required") {
                .certificateDemanded
            } else if says("handshake failure", "alert bad certificate", "alert unknown ca", "alert certificate ") {
                .certificateRefused
            } else if says(
                "local issuer certificate", "self-signed", "self signed", "issuer certificate", "verify the first certificate")
            {
                .unknownAuthority
            } else if says("wrong version number", "http request", "packet length too long") {
                .plainServer
            } else if says(
                "could not load", "unable to set private key", "unable to load", "error adding", "no start line",
                "key values mismatch")
            {
                .unusableSetting
            } else {
                .other
            }
    }

    /// - Parameters:
    ///   - host: the name that the certificate was checked for.
    ///   - certificate: the server's, where it was seen.
    ///   - settings: what is to be changed.
    func sentence(reason: String, host: String, certificate: ServerCertificate?, settings: HTTPSettingNames) -> String {
        switch self {
        case .unknownAuthority:
            "the server's certificate comes from an authority that is not trusted (\(reason)); "
                + "give the PEM of that authority as \(settings.caBundle)"
        case .expired:
            "the server's certificate has expired (\(reason)); renew it at the server, and check the clock of this machine"
        case .notYetValid:
            "the server's certificate is not valid yet (\(reason)); check the clocks of the server and of this machine"
        case .otherHost:
            "the server's certificate is not for \(host)" + Self.listed(certificate)
                + "; \(settings.otherHost), or check that the address leads to the right server"
        case .plainServer:
            "the server does not speak TLS at this port (\(reason)); use http:// in \(settings.url), or the port that has TLS"
        case .certificateDemanded:
            "the server demands a client certificate (\(reason)); \(settings.demandedCertificate)"
        case .certificateRefused:
            "the server refuses the handshake or the client certificate (\(reason)); \(settings.refusedCertificate)"
        case .unusableSetting:
            "the TLS settings cannot be used (\(reason)); check \(settings.all)"
        case .other:
            "TLS failed (\(reason)); check \(settings.all)"
        }
    }

    private static func listed(_ certificate: ServerCertificate?) -> String {
        guard let certificate else { return "" }
        if !certificate.names.isEmpty { return " but for \(certificate.names.joined(separator: ", "))" }
        return certificate.subject.map { " but for \($0)" } ?? ""
    }
}
