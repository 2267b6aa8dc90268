import CCrypto

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017), which JSON Web Tokens call `RS256`.
package enum RSASignature {
    /// The signature of a message, as long as the key's modulus.
    ///
    /// - Parameter privateKey: PEM, PKCS#8 or PKCS#1, without a passphrase.
    /// - Returns: `nil` when that holds no private RSA key.
    package static func sha256(of message: [UInt8], privateKey pem: [UInt8]) throws(CryptoError) -> [UInt8]? {
        guard let key = try PrivateKey(pem: pem) else { return nil }
        return try key.sign(message)
    }
}

/// Owner of one key of libcrypto.
private struct PrivateKey: ~Copyable {
    private let pointer: OpaquePointer

    init?(pem: [UInt8]) throws(CryptoError) {
        guard pem.count <= Int(Int32.max), let text = BIO_new_mem_buf(pem, Int32(pem.count)) else {
            throw CryptoError(.exhausted, doing: "hold a private key", advice: "the process is out of memory")
        }
        defer { BIO_free(text) }
        // Without a callback libcrypto would ask the terminal for a passphrase.
        guard let key = PEM_read_bio_PrivateKey(text, nil, { _, _, _, _ in -1 }, nil) else {
            ERR_clear_error()
            return nil
        }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
            EVP_PKEY_free(key)
            return nil
        }
        pointer = key
    }

    deinit { EVP_PKEY_free(pointer) }

    func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else {
            throw CryptoError(.exhausted, doing: "make a signing context", advice: "the process is out of memory")
        }
        defer { EVP_MD_CTX_free(context) }
        var count = Int(EVP_PKEY_get_size(pointer))
        var signature = [UInt8](repeating: 0, count: count)
        // The padding of PKCS#1 v1.5 is libcrypto's default for such keys.
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pointer) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else {
            throw CryptoError(.unavailable, doing: "sign with an RSA key", advice: "check that the key has 2048 bits or more")
        }
        return Array(signature.prefix(count))
    }
}
