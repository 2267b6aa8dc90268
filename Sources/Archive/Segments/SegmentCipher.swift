import Crypto

/// Seals and opens the frames of one segment and its table: docs/repository-format.md, section 5.2.
///
/// No nonce comes twice: the key is of the segment's own random salt, and each frame has its number.
final class SegmentCipher {
    let epoch: EpochID
    private let key: SymmetricKey
    private let salt: [UInt8]
    private let kind: SegmentKind
    private var sealer: GCMSealer
    private var opener: GCMOpener

    init(_ epoch: Epoch, repository: String, salt: [UInt8], kind: SegmentKind) throws(ArchiveError) {
        let key = try epoch.key(of: .segment, salt: salt, repository: repository)
        self.epoch = epoch.id
        self.key = key
        self.salt = salt
        self.kind = kind
        sealer = try digesting { () throws(CryptoError) in try GCMSealer(key: key) }
        opener = try digesting { () throws(CryptoError) in try GCMOpener(key: key) }
    }

    /// Begins a frame that is sealed chunk by chunk, and opened again on the way.
    func startFrame(_ index: Int) throws(ArchiveError) {
        let (nonce, associated) = frame(index)
        try digesting { () throws(CryptoError) in
            try sealer.start(nonce: nonce, associated: associated)
            try opener.start(nonce: nonce, associated: associated)
        }
    }

    /// - Parameter stored: gets as many bytes as there are plain ones.
    func seal(_ plain: UnsafeRawBufferPointer, into stored: UnsafeMutableRawBufferPointer) throws(ArchiveError) {
        try digesting { () throws(CryptoError) in try sealer.update(plain, into: stored) }
    }

    /// Opens what was just sealed, so that it can be compared.
    func reopen(_ stored: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer) throws(ArchiveError) {
        try digesting { () throws(CryptoError) in try opener.update(stored, into: plain) }
    }

    /// - Returns: the tag, `nil` when what was opened again has another.
    func finishFrame() throws(ArchiveError) -> [UInt8]? {
        let tag = try digesting { () throws(CryptoError) in try sealer.finish() }
        let isSame = try tag.withBytes { (bytes) throws(ArchiveError) in
            try digesting { () throws(CryptoError) in try opener.finish(tag: bytes) }
        }
        return isSame ? tag : nil
    }

    /// Opens a whole frame: ciphertext and tag.
    /// - Returns: whether it is the frame of this number, and unchanged.
    func open(
        frame index: Int, _ stored: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer
    ) throws(ArchiveError) -> Bool {
        let (nonce, associated) = frame(index)
        return try digesting { () throws(CryptoError) in
            try opener.open(stored, into: plain, nonce: nonce, associated: associated)
        }
    }

    /// The tag of a table.
    /// - Parameter trailer: its bytes as far as its digest goes, with zeros for the tag.
    func tag(ofTrailer trailer: [UInt8], frames: Int) throws(ArchiveError) -> [UInt8] {
        try digesting { () throws(CryptoError) in
            try AESGCM.seal([], key: key, nonce: SegmentCipher.nonce(UInt64(frames), .max), associated: trailer)
        }
    }

    func isAuthentic(_ tag: [UInt8], ofTrailer trailer: [UInt8], frames: Int) throws(ArchiveError) -> Bool {
        try digesting { () throws(CryptoError) in
            try AESGCM.open(tag, key: key, nonce: SegmentCipher.nonce(UInt64(frames), .max), associated: trailer) != nil
        }
    }

    private func frame(_ index: Int) -> (nonce: [UInt8], associated: [UInt8]) {
        var associated = salt
        associated.append(littleEndian: UInt64(index))
        associated.append(kind.code)
        return (SegmentCipher.nonce(UInt64(index), 0), associated)
    }

    private static func nonce(_ number: UInt64, _ last: UInt32) -> [UInt8] {
        var nonce: [UInt8] = []
        nonce.append(littleEndian: number)
        nonce.append(littleEndian: last)
        return nonce
    }
}
