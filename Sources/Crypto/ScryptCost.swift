import CCrypto

/// What guessing a password costs: the parameters of scrypt, RFC 7914.
package struct ScryptCost: Hashable, Sendable {
    /// Logarithm to the base 2 of N.
    package var logN: Int
    package var r: Int
    package var p: Int

    package init(logN: Int, r: Int, p: Int) {
        self.logN = logN
        self.r = r
        self.p = p
    }

    /// A quarter of a second and 64 MiB.
    package static let standard = ScryptCost(logN: 16, r: 8, p: 1)

    /// Bytes that one derivation needs.
    package var memory: Int { 128 * r * ((1 << logN) + p + 2) }

    /// Blocks; takes `memory` while it works.
    /// - Throws: `.exhausted` when there is not so much memory, `.unavailable` for parameters that scrypt does not have.
    package func stretch(_ password: [UInt8], salt: [UInt8], count: Int) throws(CryptoError) -> [UInt8] {
        guard (1...40).contains(logN), (1...1 << 10).contains(r), (1...1 << 10).contains(p) else {
            throw CryptoError(.unavailable, doing: "run scrypt with \(self)", advice: "use smaller parameters")
        }
        var key = [UInt8](repeating: 0, count: count)
        let code = password.withUnsafeBufferPointer { password in
            password.withMemoryRebound(to: CChar.self) {
                EVP_PBE_scrypt(
                    $0.baseAddress, $0.count, salt, salt.count, UInt64(1) << UInt64(logN), UInt64(r), UInt64(p),
                    UInt64(memory) + 1 << 20, &key, count)
            }
        }
        guard code == 1 else {
            throw CryptoError(
                .exhausted, doing: "run scrypt with \(self)",
                advice: "it needs \(memory >> 20) MiB of memory: give this process more")
        }
        return key
    }
}

extension ScryptCost: CustomStringConvertible {
    package var description: String { "N = 2^\(logN), r = \(r), p = \(p)" }
}
