/// HMAC with SHA-256, RFC 2104.
package enum MessageAuthentication {
    private static let blockSize = 64

    /// The code of a message under a key of any length.
    package static func sha256(key: [UInt8], message: [UInt8]) throws(CryptoError) -> [UInt8] {
        var block = key.count > blockSize ? try SHA256.digest(of: key).bytes : key
        block += [UInt8](repeating: 0, count: blockSize - block.count)
        let inner = try SHA256.digest(of: block.map { $0 ^ 0x36 } + message)
        return try SHA256.digest(of: block.map { $0 ^ 0x5C } + inner.bytes).bytes
    }
}
