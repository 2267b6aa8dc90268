import Testing

@testable import Crypto

struct DigestTests {
    /// FIPS 180-4 examples and the empty input.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedVectorsHold(text: String, hex: String) throws {
        #expect(try SHA256.digest(of: Array(text.utf8)).hex == hex)
    }

    @Test func piecesGiveTheDigestOfTheWhole() throws {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let whole = try SHA256.digest(of: bytes)
        for size in [1, 63, 64, 65, 4_096] {
            var digest = try SHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                try digest.update(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(try digest.finish() == whole)
        }
    }

    @Test func finishedDigestStartsAgain() throws {
        var digest = try SHA256()
        try digest.update(Array("abc".utf8))
        let first = try digest.finish()
        try digest.update(Array("abc".utf8))
        #expect(try digest.finish() == first)
    }

    @Test(arguments: ["", "00", String(repeating: "A", count: 64), String(repeating: "0", count: 63) + "g"])
    func otherSpellingsAreRefused(hex: String) {
        #expect(Digest(hex: hex) == nil)
    }

    @Test func hexadecimalRoundTrips() throws {
        let digest = try #require(Digest(try randomBytes(32)))
        #expect(Digest(hex: digest.hex) == digest)
    }

    @Test func randomBytesDiffer() throws {
        #expect(try randomBytes(32) != randomBytes(32))
        #expect(try randomBytes(0).isEmpty)
    }
}
