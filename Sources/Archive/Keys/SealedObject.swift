import Crypto

/// Sizes of sealed objects and their bytes before the chunks: docs/repository-format.md, section 5.3.
enum SealedObject {
    static let headerLength = 64
    /// Plain bytes of every chunk but the last.
    static let chunkBytes = 1 << 20
    static let saltLength = 32
    /// Stored bytes of every chunk but the last.
    static let storedChunk = chunkBytes + AESGCM.tagLength

    /// What the header tells.
    struct Header: Hashable {
        let epoch: EpochID
        let salt: [UInt8]

        var bytes: [UInt8] { SealedObject.mark + [1, 1] + [UInt8](repeating: 0, count: 6) + epoch.bytes + salt }

        init(epoch: EpochID, salt: [UInt8]) {
            self.epoch = epoch
            self.salt = salt
        }

        /// - Returns: `nil` unless it is a header of this very version: a newer one comes with a feature in `FORMAT`.
        init?(_ bytes: some Collection<UInt8>) {
            let bytes = Array(bytes)
            guard bytes.count == headerLength, let epoch = EpochID(bytes[16..<32]) else { return nil }
            self.init(epoch: epoch, salt: Array(bytes[32...]))
            guard self.bytes == bytes else { return nil }
        }
    }

    /// Chunks of an object of so many plain bytes; an empty one has one.
    static func chunks(ofPlain size: Int) -> Int { max(1, (size + chunkBytes - 1) / chunkBytes) }

    static func storedSize(ofPlain size: Int) -> Int { headerLength + size + AESGCM.tagLength * chunks(ofPlain: size) }

    /// - Returns: `nil` when no object is stored in so many bytes.
    static func plainSize(ofStored size: Int) -> Int? {
        let body = size - headerLength
        guard body >= AESGCM.tagLength else { return nil }
        let plain = body - AESGCM.tagLength * ((body + storedChunk - 1) / storedChunk)
        return plain >= 0 && storedSize(ofPlain: plain) == size ? plain : nil
    }

    private static let mark = Array("SHEAFOBJ".utf8)
}

/// Seals and opens the chunks of one object.
///
/// No nonce comes twice: the key is of the object's own random salt, and each chunk has its number.
struct ObjectCipher: Sendable {
    let header: SealedObject.Header
    private let key: SymmetricKey
    private let name: [UInt8]

    /// For an object that is to be made.
    init(sealing name: ObjectKey, under epoch: Epoch, repository: String) throws(ArchiveError) {
        let salt = try digesting { () throws(CryptoError) in try randomBytes(SealedObject.saltLength) }
        try self.init(SealedObject.Header(epoch: epoch.id, salt: salt), name, epoch, repository)
    }

    /// For an object that is there.
    init(
        opening name: ObjectKey, header: SealedObject.Header, epoch: Epoch, repository: String
    ) throws(ArchiveError) {
        try self.init(header, name, epoch, repository)
    }

    private init(
        _ header: SealedObject.Header, _ name: ObjectKey, _ epoch: Epoch, _ repository: String
    ) throws(ArchiveError) {
        self.header = header
        self.name = Array(name.text.utf8)
        key = try epoch.key(of: .object, salt: header.salt, repository: repository)
    }

    /// The whole of a small object as it is to be stored.
    func seal(_ plain: [UInt8]) throws(ArchiveError) -> [UInt8] {
        var sealed = header.bytes
        sealed.reserveCapacity(SealedObject.storedSize(ofPlain: plain.count))
        let chunks = SealedObject.chunks(ofPlain: plain.count)
        for index in 0..<chunks {
            let start = index * SealedObject.chunkBytes
            let chunk = Array(plain[start..<min(start + SealedObject.chunkBytes, plain.count)])
            sealed += try seal(chunk, index: index, of: chunks)
        }
        return sealed
    }

    /// - Parameter chunks: how many the object has.
    func seal(_ chunk: [UInt8], index: Int, of chunks: Int) throws(ArchiveError) -> [UInt8] {
        try digesting { () throws(CryptoError) in
            try AESGCM.seal(chunk, key: key, nonce: nonce(index, of: chunks), associated: name)
        }
    }

    /// Opens chunks that lie one behind the other.
    /// - Returns: `nil` unless each is the one of this number, of this object and of one of this size.
    func open(_ stored: ArraySlice<UInt8>, from first: Int, of chunks: Int) throws(ArchiveError) -> [UInt8]? {
        var plain: [UInt8] = []
        plain.reserveCapacity(stored.count)
        var rest = stored
        var index = first
        repeat {
            let chunk = Array(rest.prefix(SealedObject.storedChunk))
            let opened = try digesting { () throws(CryptoError) in
                try AESGCM.open(chunk, key: key, nonce: nonce(index, of: chunks), associated: name)
            }
            guard let opened else { return nil }
            plain += opened
            rest = rest.dropFirst(chunk.count)
            index += 1
        } while !rest.isEmpty
        return plain
    }

    private func nonce(_ index: Int, of chunks: Int) -> [UInt8] {
        var nonce: [UInt8] = []
        nonce.append(littleEndian: UInt64(index))
        nonce.append(littleEndian: UInt32(index == chunks - 1 ? 1 : 0))
        return nonce
    }
}
