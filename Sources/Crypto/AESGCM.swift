import CCrypto

/// AES-256-GCM, NIST SP 800-38D, with nonces of 12 bytes and tags of 16.
///
/// A nonce must never come twice with one key: each caller says why it cannot.
package enum AESGCM {
    package static let nonceLength = 12
    package static let tagLength = 16

    /// Ciphertext, as long as the plaintext, then the tag.
    package static func seal(
        _ plain: UnsafeRawBufferPointer, key: SymmetricKey, nonce: [UInt8], associated: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        var sealer = try GCMSealer(key: key)
        try sealer.start(nonce: nonce, associated: associated)
        var sealed = [UInt8](repeating: 0, count: plain.count)
        try sealed.withUnsafeMutableBytes { (output) -> Result<Void, CryptoError> in
            Result { () throws(CryptoError) in try sealer.update(plain, into: output) }
        }.get()
        return sealed + (try sealer.finish())
    }

    /// - Parameter sealed: ciphertext and tag.
    /// - Returns: `nil` unless key, nonce, associated data and every bit are those it was sealed with.
    package static func open(
        _ sealed: UnsafeRawBufferPointer, key: SymmetricKey, nonce: [UInt8], associated: [UInt8]
    ) throws(CryptoError) -> [UInt8]? {
        guard sealed.count >= tagLength else { return nil }
        var opener = try GCMOpener(key: key)
        var plain = [UInt8](repeating: 0, count: sealed.count - tagLength)
        let isAuthentic = try plain.withUnsafeMutableBytes { (output) -> Result<Bool, CryptoError> in
            Result { () throws(CryptoError) in
                try opener.open(sealed, into: output, nonce: nonce, associated: associated)
            }
        }.get()
        return isAuthentic ? plain : nil
    }

    /// Same as with memory.
    package static func seal(
        _ plain: [UInt8], key: SymmetricKey, nonce: [UInt8], associated: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try plain.withUnsafeBytes { (plain) -> Result<[UInt8], CryptoError> in
            Result { () throws(CryptoError) in try seal(plain, key: key, nonce: nonce, associated: associated) }
        }.get()
    }

    /// Same as with memory.
    package static func open(
        _ sealed: [UInt8], key: SymmetricKey, nonce: [UInt8], associated: [UInt8]
    ) throws(CryptoError) -> [UInt8]? {
        try sealed.withUnsafeBytes { (sealed) -> Result<[UInt8]?, CryptoError> in
            Result { () throws(CryptoError) in try open(sealed, key: key, nonce: nonce, associated: associated) }
        }.get()
    }
}

/// Seals one message after the other, each in pieces; owner of one libcrypto context that it reuses.
package struct GCMSealer: ~Copyable {
    private var context: GCMContext

    package init(key: SymmetricKey) throws(CryptoError) {
        context = try GCMContext(key: key, direction: .sealing)
    }

    /// Begins a message, whatever became of the one before.
    package mutating func start(nonce: [UInt8], associated: [UInt8]) throws(CryptoError) {
        try context.start(nonce: nonce, associated: associated)
    }

    /// Writes as many bytes of ciphertext as there are of plaintext; both may be the same memory.
    package mutating func update(
        _ plain: UnsafeRawBufferPointer, into sealed: UnsafeMutableRawBufferPointer
    ) throws(CryptoError) {
        try context.update(plain, into: sealed)
    }

    /// - Returns: the tag.
    package mutating func finish() throws(CryptoError) -> [UInt8] { try context.finishSealing() }
}

/// Opens one message after the other; owner of one libcrypto context that it reuses.
package struct GCMOpener: ~Copyable {
    private var context: GCMContext

    package init(key: SymmetricKey) throws(CryptoError) {
        context = try GCMContext(key: key, direction: .opening)
    }

    /// Begins a message, whatever became of the one before.
    package mutating func start(nonce: [UInt8], associated: [UInt8]) throws(CryptoError) {
        try context.start(nonce: nonce, associated: associated)
    }

    /// - Important: nothing of what it writes may be used before `finish` has said yes.
    package mutating func update(
        _ sealed: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer
    ) throws(CryptoError) {
        try context.update(sealed, into: plain)
    }

    /// - Returns: whether the message is the one that was sealed.
    package mutating func finish(tag: UnsafeRawBufferPointer) throws(CryptoError) -> Bool {
        try context.finishOpening(tag: tag)
    }

    /// Opens a whole message: ciphertext and tag.
    /// - Parameter plain: room for all but the tag.
    package mutating func open(
        _ sealed: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer, nonce: [UInt8], associated: [UInt8]
    ) throws(CryptoError) -> Bool {
        guard sealed.count >= AESGCM.tagLength else { return false }
        let end = sealed.count - AESGCM.tagLength
        try start(nonce: nonce, associated: associated)
        try update(UnsafeRawBufferPointer(rebasing: sealed[..<end]), into: plain)
        return try finish(tag: UnsafeRawBufferPointer(rebasing: sealed[end...]))
    }
}

/// The one owner of a libcrypto cipher context, whose key schedule stays from message to message.
///
/// Not private: modules that hold a sealer need its layout when they are linked, and an optimized build leaves private ones out.
struct GCMContext: ~Copyable {
    enum Direction: Int32 {
        case opening = 0
        case sealing = 1
    }

    private let pointer: OpaquePointer

    init(key: SymmetricKey, direction: Direction) throws(CryptoError) {
        guard let made = EVP_CIPHER_CTX_new() else {
            throw CryptoError(.exhausted, doing: "make a cipher context", advice: "the process is out of memory")
        }
        guard EVP_CipherInit_ex(made, EVP_aes_256_gcm(), nil, key.exposedBytes, nil, direction.rawValue) == 1 else {
            EVP_CIPHER_CTX_free(made)
            throw CryptoError(.unavailable, doing: "start AES-256-GCM", advice: "check the OpenSSL configuration of this machine")
        }
        pointer = made
    }

    deinit { EVP_CIPHER_CTX_free(pointer) }

    mutating func start(nonce: [UInt8], associated: [UInt8]) throws(CryptoError) {
        precondition(nonce.count == AESGCM.nonceLength, "a nonce has 12 bytes")
        var count: Int32 = 0
        guard EVP_CipherInit_ex(pointer, nil, nil, nil, nonce, -1) == 1,
            associated.isEmpty || EVP_CipherUpdate(pointer, nil, &count, associated, Int32(associated.count)) == 1
        else { throw failed("start a message") }
    }

    mutating func update(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CryptoError) {
        precondition(output.count >= input.count, "there must be room for as many bytes as come in")
        var done = 0
        // libcrypto counts in 32 bits.
        while done < input.count {
            let piece = min(input.count - done, 1 << 30)
            var count: Int32 = 0
            let code = EVP_CipherUpdate(
                pointer, output.baseAddress?.advanced(by: done).assumingMemoryBound(to: UInt8.self), &count,
                input.baseAddress?.advanced(by: done).assumingMemoryBound(to: UInt8.self), Int32(piece))
            guard code == 1, count == piece else { throw failed("cipher \(piece) bytes") }
            done += piece
        }
    }

    mutating func finishSealing() throws(CryptoError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: AESGCM.tagLength)
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard EVP_CipherFinal_ex(pointer, &rest, &count) == 1,
            EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
        else { throw failed("finish a message") }
        return tag
    }

    mutating func finishOpening(tag: UnsafeRawBufferPointer) throws(CryptoError) -> Bool {
        var tag = Array(tag)
        guard tag.count == AESGCM.tagLength else { return false }
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1 else {
            throw failed("take a tag")
        }
        guard EVP_CipherFinal_ex(pointer, &rest, &count) == 1 else {
            // A wrong tag leaves nothing in the queue; whatever else is there is not the next call's.
            ERR_clear_error()
            return false
        }
        return true
    }

    private func failed(_ action: String) -> CryptoError {
        CryptoError(.exhausted, doing: "\(action) of AES-256-GCM", advice: "try again")
    }
}
