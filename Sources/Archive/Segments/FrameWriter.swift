import Crypto

/// Writes compressed frames into a segment's file: sealed where the segment is, opened again and compared, and digested on the way.
///
/// The comparison catches a cipher or memory that fails before the only good copy of the documents is gone.
final class FrameWriter {
    typealias Write = (UnsafeRawBufferPointer) throws(ArchiveError) -> Void

    /// Bytes that are sealed at once.
    private static let pieceBytes = 128 << 10

    private let sealed = ByteBuffer(count: pieceBytes)
    private let opened = ByteBuffer(count: pieceBytes)
    private var digest: SHA256

    init() throws(ArchiveError) {
        digest = try digesting { () throws(CryptoError) in try SHA256() }
    }

    /// - Parameters:
    ///   - index: the frame's number in the segment.
    ///   - cipher: of a segment that is sealed.
    ///   - produce: gives the compressed frame away, in chunks of any size.
    /// - Returns: the digest of what was stored.
    func write(
        frame index: Int, sealedBy cipher: SegmentCipher?, into file: SpooledFile,
        _ produce: (_ write: Write) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Digest {
        // A frame that failed half-way leaves nothing behind.
        digest = try digesting { () throws(CryptoError) in try SHA256() }
        try cipher?.startFrame(index)
        try produce { (chunk) throws(ArchiveError) in
            guard let cipher else { return try store(chunk, in: file) }
            var rest = chunk[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(FrameWriter.pieceBytes))
                try seal(piece, cipher)
                try store(sealed.prefix(piece.count), in: file)
                rest = rest.dropFirst(piece.count)
            }
        }
        if let cipher {
            guard let tag = try cipher.finishFrame() else { throw mismatch() }
            try tag.withBytes { (tag) throws(ArchiveError) in try store(tag, in: file) }
        }
        return try digesting { () throws(CryptoError) in try digest.finish() }
    }

    private func seal(_ piece: UnsafeRawBufferPointer, _ cipher: SegmentCipher) throws(ArchiveError) {
        try cipher.seal(piece, into: sealed.bytes)
        try cipher.reopen(sealed.prefix(piece.count), into: opened.bytes)
        guard areEqual(opened.prefix(piece.count), piece) else { throw mismatch() }
    }

    private func store(_ bytes: UnsafeRawBufferPointer, in file: SpooledFile) throws(ArchiveError) {
        try digesting { () throws(CryptoError) in try digest.update(bytes) }
        try file.write(bytes)
    }

    private func mismatch() -> ArchiveError {
        ArchiveError(
            .corrupt, "a frame opens to other bytes than were sealed, nothing of it was stored: check this machine's memory")
    }
}
