import CCrypto

/// An incremental SHA-256, owner of one libcrypto context that it reuses for every digest it makes.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer

    package init() throws(CryptoError) {
        guard let made = EVP_MD_CTX_new() else {
            throw CryptoError(.exhausted, doing: "make a digest context", advice: "the process is out of memory")
        }
        do throws(CryptoError) {
            try SHA256.start(made)
        } catch {
            EVP_MD_CTX_free(made)
            throw error
        }
        context = made
    }

    deinit { EVP_MD_CTX_free(context) }

    /// The digest of bytes that are all at hand.
    package static func digest(of bytes: [UInt8]) throws(CryptoError) -> Digest {
        var digest = try SHA256()
        try digest.update(bytes)
        return try digest.finish()
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) throws(CryptoError) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            throw CryptoError(.exhausted, doing: "digest \(bytes.count) bytes", advice: "try again")
        }
    }

    package mutating func update(_ bytes: [UInt8]) throws(CryptoError) {
        let code = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard code == 1 else {
            throw CryptoError(.exhausted, doing: "digest \(bytes.count) bytes", advice: "try again")
        }
    }

    /// The digest of everything given since the last one; the next `update` starts a new digest.
    package mutating func finish() throws(CryptoError) -> Digest {
        var bytes = [UInt8](repeating: 0, count: Digest.count)
        guard EVP_DigestFinal_ex(context, &bytes, nil) == 1, let digest = Digest(bytes) else {
            throw CryptoError(.exhausted, doing: "finish a digest", advice: "try again")
        }
        try SHA256.start(context)
        return digest
    }

    private static func start(_ context: OpaquePointer) throws(CryptoError) {
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            throw CryptoError(.unavailable, doing: "start SHA-256", advice: "check the OpenSSL configuration of this machine")
        }
    }
}
