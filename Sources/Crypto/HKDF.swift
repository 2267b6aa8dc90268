/// HKDF, RFC 5869: many keys of one.
package enum HKDF {
    /// - Parameter count: bytes wanted, at most 255 * 32.
    package static func sha256(_ input: [UInt8], salt: [UInt8], info: [UInt8], count: Int) throws(CryptoError) -> [UInt8] {
        precondition((0...255 * Digest.count).contains(count), "HKDF-SHA256 gives 8,160 bytes at most")
        let key = try MessageAuthentication.sha256(key: salt, message: input)
        var output: [UInt8] = []
        var block: [UInt8] = []
        var number: UInt8 = 1
        while output.count < count {
            block = try MessageAuthentication.sha256(key: key, message: block + info + [number])
            output += block
            number &+= 1
        }
        return Array(output.prefix(count))
    }
}
