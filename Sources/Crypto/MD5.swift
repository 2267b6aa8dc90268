import CCrypto

/// MD5 (RFC 1321), against accidents on the wire alone: cloud stores compare it with what they received.
package enum MD5 {
    /// - Returns: 16 bytes; `nil` where libcrypto refuses MD5, as a FIPS configuration does.
    package static func digest(of bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 16)
        guard EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_md5(), nil) == 1 else {
            ERR_clear_error()
            return nil
        }
        return digest
    }
}
