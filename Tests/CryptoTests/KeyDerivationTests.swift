import Testing

@testable import Crypto

struct KeyDerivationTests {
    /// Cases 1 to 3 of RFC 5869.
    @Test(arguments: [
        (
            String(repeating: "0b", count: 22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        (
            (0x00...0x4F).map { UInt8($0) }.hex, (0x60...0xAF).map { UInt8($0) }.hex, (0xB0...0xFF).map { UInt8($0) }.hex,
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8"
                + "367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        (
            String(repeating: "0b", count: 22), "", "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ),
    ])
    func publishedVectorsOfHKDFHold(input: String, salt: String, info: String, output: String) throws {
        let derived = try HKDF.sha256(bytes(input), salt: bytes(salt), info: bytes(info), count: output.utf8.count / 2)
        #expect(derived.hex == output)
    }

    /// Section 12 of RFC 7914, but the last, which takes a gigabyte.
    @Test(arguments: [
        (
            "", "", ScryptCost(logN: 4, r: 1, p: 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", ScryptCost(logN: 10, r: 8, p: 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", ScryptCost(logN: 14, r: 8, p: 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func publishedVectorsOfScryptHold(password: String, salt: String, cost: ScryptCost, key: String) throws {
        #expect(try cost.stretch(Array(password.utf8), salt: Array(salt.utf8), count: 64).hex == key)
    }

    @Test func costsThatScryptDoesNotHaveAreRefused() {
        for cost in [ScryptCost(logN: 0, r: 8, p: 1), ScryptCost(logN: 70, r: 8, p: 1), ScryptCost(logN: 10, r: 0, p: 1)] {
            #expect(throws: CryptoError.self) { _ = try cost.stretch([1], salt: [2], count: 32) }
        }
    }
}
