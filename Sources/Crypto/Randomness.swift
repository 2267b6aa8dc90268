import CCrypto

/// Bytes from libcrypto's cryptographically secure generator.
package func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
    guard count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, Int32(clamping: count)) == 1, count <= Int(Int32.max) else {
        throw CryptoError(.exhausted, doing: "draw \(count) random bytes", advice: "check that /dev/urandom is there")
    }
    return bytes
}
