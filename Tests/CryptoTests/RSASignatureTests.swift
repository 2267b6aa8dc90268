import FoundationEssentials
import Testing

@testable import Crypto

/// Against values that Python's `cryptography` 50.0.2 computed for one key.
@Suite struct RSASignatureTests {
    private static let message = Array("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJzaGVhZiJ9".utf8)

    @Test(arguments: [SampleKeys.pkcs8, SampleKeys.pkcs1]) func theSignatureIsThatOfCryptography(pem: String) throws {
        let signature = try RSASignature.sha256(of: Self.message, privateKey: Array(pem.utf8))
        #expect(signature?.base64URL == SampleKeys.signature)
    }

    @Test func anotherMessageHasAnotherSignature() throws {
        let signature = try RSASignature.sha256(of: Self.message + [0], privateKey: Array(SampleKeys.pkcs8.utf8))
        #expect(signature?.count == 256 && signature?.base64URL != SampleKeys.signature)
    }

    /// An encrypted key must not make the program ask a terminal.
    @Test(arguments: ["", "no key", SampleKeys.elliptic, SampleKeys.encrypted, String(SampleKeys.pkcs8.dropLast(200))])
    func whatIsNoUsableKeyIsTold(pem: String) throws {
        #expect(try RSASignature.sha256(of: Self.message, privateKey: Array(pem.utf8)) == nil)
    }

    @Test(arguments: [
        ([UInt8](), ""), ([0xFB], "-w"), ([0xFF, 0xEF, 0xBE], "_---"), ([0x14, 0xFB, 0x9C, 0x03, 0xD9, 0x7E], "FPucA9l-"),
    ])
    func base64IsThatOfURLs(bytes: [UInt8], text: String) {
        #expect(bytes.base64URL == text)
    }

    /// RFC 1321, appendix A.5.
    @Test(arguments: [("", "d41d8cd98f00b204e9800998ecf8427e"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0")])
    func md5GivesThePublishedVectors(text: String, hex: String) {
        #expect(Array(text.utf8).withUnsafeBytes { MD5.digest(of: $0) }?.hex == hex)
    }
}
