import Runtime
import Testing

@testable import HTTP

/// Sentences of OpenSSL 3 and libcurl 7.88 as they were seen.
@Suite struct TLSFailureTests {
    @Test(arguments: [
        ("SSL certificate problem: unable to get local issuer certificate", TLSFailure.unknownAuthority),
        ("SSL certificate problem: self-signed certificate in certificate chain", .unknownAuthority),
        ("SSL certificate problem: certificate has expired", .expired),
        ("SSL certificate problem: certificate is not yet valid", .notYetValid),
        ("SSL: no alternative certificate subject name matches target host name '127.0.0.1'", .otherHost),
        ("SSL: certificate subject name 'es' does not match target host name 'other'", .otherHost),
        ("error:0A00010B:SSL routines::wrong version number", .plainServer),
        ("OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0", .certificateDemanded),
        ("error:0A000410:SSL routines::sslv3 alert handshake failure", .certificateRefused),
        ("OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0", .certificateRefused),
        ("could not load PEM client certificate from memory", .unusableSetting),
        ("something new", .other),
    ])
    func eachHasItsCause(reason: String, failure: TLSFailure) {
        #expect(TLSFailure(reason) == failure)
    }

    @Test func namesOfTheCertificateAreTold() {
        let certificate = ServerCertificate(lines: [
            "Subject:CN = es", "X509v3 Subject Alternative Name:DNS:es.internal, IP Address:10.0.0.1\n",
            "Expire date:Nov  8 11:53:00 2026 GMT",
        ])
        #expect(certificate.notAfter?.description == "2026-11-08T11:53:00.000Z")
        let sentence = TLSFailure.otherHost.sentence(reason: "", host: "other", certificate: certificate, settings: .appBinding)
        #expect(sentence.contains("is not for other but for DNS:es.internal, IP Address:10.0.0.1; set clientConfig.serverName"))
    }
}
