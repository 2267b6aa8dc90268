import Testing

@testable import Crypto

struct AESGCMTests {
    struct Vector: Sendable {
        var key: String
        var nonce: String
        var plain = ""
        var associated = ""
        var sealed: String
    }

    /// Test cases 13 to 16 of the GCM specification of McGrew and Viega, which NIST validates AES-256-GCM with.
    @Test(arguments: [
        Vector(
            key: String(repeating: "0", count: 64), nonce: String(repeating: "0", count: 24),
            sealed: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            key: String(repeating: "0", count: 64), nonce: String(repeating: "0", count: 24),
            plain: String(repeating: "0", count: 32), sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b391aafd255",
            sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39",
            associated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"),
    ])
    func publishedVectorsHold(vector: Vector) throws {
        let key = try #require(SymmetricKey(try bytes(vector.key)))
        let (nonce, associated) = (try bytes(vector.nonce), try bytes(vector.associated))
        let sealed = try AESGCM.seal(bytes(vector.plain), key: key, nonce: nonce, associated: associated)
        #expect(sealed.hex == vector.sealed)
        #expect(try AESGCM.open(sealed, key: key, nonce: nonce, associated: associated)?.hex == vector.plain)
    }

    @Test func everyChangeIsTold() throws {
        let (key, nonce, associated) = (try SymmetricKey.random(), try randomBytes(12), try randomBytes(9))
        let sealed = try AESGCM.seal(Array("a document".utf8), key: key, nonce: nonce, associated: associated)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(try AESGCM.open(changed, key: key, nonce: nonce, associated: associated) == nil)
        }
        for length in 0..<sealed.count {
            #expect(try AESGCM.open(Array(sealed[..<length]), key: key, nonce: nonce, associated: associated) == nil)
        }
        #expect(try AESGCM.open(sealed, key: .random(), nonce: nonce, associated: associated) == nil)
        #expect(try AESGCM.open(sealed, key: key, nonce: randomBytes(12), associated: associated) == nil)
        #expect(try AESGCM.open(sealed, key: key, nonce: nonce, associated: associated + [0]) == nil)
        #expect(try AESGCM.open(sealed, key: key, nonce: nonce, associated: associated) == Array("a document".utf8))
    }

    /// One context seals message after message, in pieces of any size, also after one that was left unfinished.
    @Test func aContextIsUsedAgain() throws {
        let key = try SymmetricKey.random()
        var sealer = try GCMSealer(key: key)
        var opener = try GCMOpener(key: key)
        let plain = try randomBytes(5_000)
        for (number, size) in [1, 15, 16, 17, 4_999, 5_000].enumerated() {
            let nonce = [UInt8](repeating: UInt8(number), count: 12)
            try sealer.start(nonce: [UInt8](repeating: 99, count: 12), associated: [1])
            var sealed = [UInt8](repeating: 0, count: plain.count)
            try sealer.start(nonce: nonce, associated: [7])
            for start in stride(from: 0, to: plain.count, by: size) {
                let piece = start..<min(start + size, plain.count)
                try sealed.withUnsafeMutableBytes { output in
                    try plain.withUnsafeBytes {
                        try sealer.update(.init(rebasing: $0[piece]), into: .init(rebasing: output[piece]))
                    }
                }
            }
            sealed += try sealer.finish()
            #expect(try sealed == AESGCM.seal(plain, key: key, nonce: nonce, associated: [7]))
            var opened = [UInt8](repeating: 0, count: plain.count)
            #expect(
                try opened.withUnsafeMutableBytes { output in
                    try sealed.withUnsafeBytes { try opener.open($0, into: output, nonce: nonce, associated: [7]) }
                })
            #expect(opened == plain)
            sealed[0] ^= 1
            #expect(
                try !opened.withUnsafeMutableBytes { output in
                    try sealed.withUnsafeBytes { try opener.open($0, into: output, nonce: nonce, associated: [7]) }
                })
        }
    }

    @Test func aKeyNeverPrintsItself() throws {
        let key = try SymmetricKey.random()
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains(key.exposedBytes.hex) && text.contains("***"))
        }
    }
}

func bytes(_ hex: String) throws -> [UInt8] { try #require([UInt8](hex: hex)) }
