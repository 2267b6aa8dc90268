import CZstd
package import Crypto

/// Reads a segment frame by frame, checking every byte it hands out.
///
/// Each frame is whole documents, so its bytes can go on as they are. One window of stored bytes and one frame of plain
/// bytes are in memory; a larger frame takes what it needs while it is the current one. Not for use on two threads at once.
package final class SegmentReader {
    package let id: Digest
    /// In bytes, as stored.
    package let storedBytes: Int
    let layout: SegmentLayout
    private let cipher: SegmentCipher?
    let store: RepositoryStore
    let windowBytes: Int
    private let context: DecompressionContext
    private(set) var window: [UInt8] = []
    private(set) var windowStart = 0
    private let trailer: [UInt8]
    /// Of the windows so far, as long as they followed each other.
    private var name: SHA256
    private var named = 0
    private var isNameChecked = false
    private var plain = ByteBuffer(count: 0)
    /// A frame that was opened and is still compressed.
    private var opened = ByteBuffer(count: 0)

    package var kind: SegmentKind { layout.kind }
    package var frames: [SegmentFrame] { layout.frames }
    package var documents: Int { layout.documents }
    package var plainBytes: Int { layout.plainBytes }

    /// Reads the frame table, with one request when the size is given.
    /// - Parameters:
    ///   - storedBytes: as the segment's reference says; asked of the store when `nil`.
    ///   - windowBytes: stored bytes to read with one request, when more frames follow.
    package init(
        store: RepositoryStore, id: Digest, storedBytes: Int? = nil, windowBytes: Int = 4 << 20
    ) throws(ArchiveError) {
        let key = ObjectKey.segment(id)
        var size = storedBytes
        if size == nil { size = try store.size(key) }
        guard let size else { throw store.absent(key) }
        self.store = store
        self.id = id
        self.storedBytes = size
        self.windowBytes = windowBytes
        (layout, cipher, trailer) = try SegmentReader.layout(of: key, in: store, size: size)
        name = try digesting { () throws(CryptoError) in try SHA256() }
        context = try DecompressionContext()
    }

    /// The plain bytes of a frame: whole documents, checked against the frame's digest, zstd's checksum and the table.
    ///
    /// Valid until the next call of this reader; sequential calls are the cheap ones.
    /// - Throws: `.corrupt` naming segment and frame.
    package func frame(_ index: Int) throws(ArchiveError) -> UnsafeRawBufferPointer {
        _ = try known(index)
        try fetch(index)
        return try decoded(index)
    }

    /// As `frame`, where the header may be damaged: frame 0 is checked as well as any other.
    package func salvagedFrame(_ index: Int) throws(ArchiveError) -> UnsafeRawBufferPointer {
        _ = try known(index)
        try load(index)
        return try decoded(index)
    }

    private func decoded(_ index: Int) throws(ArchiveError) -> UnsafeRawBufferPointer {
        let frame = frames[index]
        guard isBorneOut(index) else { throw damaged("frame \(index) of \(frames.count) cannot hold what its table says") }
        if plain.bytes.count < frame.plainBytes || plain.bytes.count > max(4 * frame.plainBytes, 2 << 20) {
            plain = ByteBuffer(count: 0)
            plain = ByteBuffer(count: max(frame.plainBytes, min(1 << 20, 4 * frame.plainBytes)))
        }
        try decode(index, into: plain.bytes)
        return plain.prefix(frame.plainBytes)
    }

    /// Same, into the caller's memory, which holds the frame's `plainBytes` at least.
    package func read(_ index: Int, into bytes: UnsafeMutableRawBufferPointer) throws(ArchiveError) {
        let frame = try known(index)
        guard bytes.count >= frame.plainBytes else {
            throw ArchiveError(
                .invalid, "frame \(index) of segment \(id) has \(frame.plainBytes) bytes, not \(bytes.count): give it room")
        }
        try fetch(index)
        try decode(index, into: bytes)
    }

    private func known(_ index: Int) throws(ArchiveError) -> SegmentFrame {
        guard frames.indices.contains(index) else {
            throw ArchiveError(.invalid, "segment \(id) has \(frames.count) frames, there is no frame \(index)")
        }
        return frames[index]
    }

    /// Whether the stored bytes can hold what the table says, so that memory is taken for what is there. A sealed table does not lie.
    private func isBorneOut(_ index: Int) -> Bool {
        let frame = frames[index]
        guard cipher == nil, frame.plainBytes > SegmentReader.modestFrame else { return true }
        let start = frame.offset - windowStart
        return window.withUnsafeBytes {
            FrameExtent.largest(UnsafeRawBufferPointer(rebasing: $0[start..<(start + frame.storedBytes)])) ?? 0
                >= frame.plainBytes
        }
    }

    /// The window must hold the frame.
    private func decode(_ index: Int, into bytes: UnsafeMutableRawBufferPointer) throws(ArchiveError) {
        let frame = frames[index]
        let start = frame.offset - windowStart
        if cipher != nil, opened.bytes.count < frame.storedBytes { opened = ByteBuffer(count: frame.storedBytes) }
        let isWhole = try window.withBytes { (window) throws(ArchiveError) in
            var stored = UnsafeRawBufferPointer(rebasing: window[start..<(start + frame.storedBytes)])
            guard try SegmentReader.digest(stored) == frame.digest else { return false }
            if let cipher {
                guard try cipher.open(frame: index, stored, into: opened.bytes) else { return false }
                stored = opened.prefix(stored.count - AESGCM.tagLength)
            }
            let count = ZSTD_decompressDCtx(
                context.pointer, bytes.baseAddress, frame.plainBytes, stored.baseAddress, stored.count)
            return ZSTD_isError(count) == 0 && count == frame.plainBytes
        }
        guard isWhole else { throw damaged("frame \(index) of \(frames.count) does not match its digest") }
    }

    /// Makes the window hold a frame, and with the first one checks the header too.
    private func fetch(_ index: Int) throws(ArchiveError) {
        try load(index)
        guard index > 0 || isHeaderWhole else { throw damaged("its header is not the one its table tells of, before frame 0") }
        try checkName()
    }

    /// Whoever reads from the first frame to the last learns before the last ones whether this is the segment that was meant, and not another
    /// whole one that somebody put under its name.
    private func checkName() throws(ArchiveError) {
        guard named == layout.framesEnd, !isNameChecked else { return }
        let found = try digesting { () throws(CryptoError) in
            try name.update(trailer)
            return try name.finish()
        }
        guard found == id else { throw damaged("its bytes do not have the digest that it is named by") }
        isNameChecked = true
    }

    /// The window begins with the header where it holds frame 0.
    var isHeaderWhole: Bool { window.starts(with: layout.header) }

    private func load(_ index: Int) throws(ArchiveError) {
        let frame = frames[index]
        let start = index == 0 ? 0 : frame.offset
        let end = frame.offset + frame.storedBytes
        if windowStart <= start && end <= windowStart + window.count { return }
        var last = index
        while last + 1 < frames.count && frames[last + 1].offset + frames[last + 1].storedBytes - start <= windowBytes {
            last += 1
        }
        window = []
        window = try store.read(.segment(id), start..<(frames[last].offset + frames[last].storedBytes))
        windowStart = start
        guard start == named else { return }
        try digesting { () throws(CryptoError) in try name.update(window) }
        named += window.count
    }

    func damaged(_ cause: String) -> ArchiveError {
        ArchiveError(.corrupt, "segment \(id) in \(store.location) is damaged: \(cause); restore it from another copy")
    }

    private static func layout(
        of key: ObjectKey, in store: RepositoryStore, size: Int
    ) throws(ArchiveError) -> (SegmentLayout, SegmentCipher?, trailer: [UInt8]) {
        func damaged(_ cause: String) -> ArchiveError {
            ArchiveError(
                .corrupt, "\(key) in \(store.location) is damaged: \(cause), no frame can be found; restore it from another copy")
        }
        guard size >= SegmentLayout.headerLength + SegmentLayout.trailerBase else { throw damaged("\(size) bytes are too few") }
        var tail = try store.read(key, max(0, size - guessedTrailer)..<size)
        guard let length = SegmentLayout.trailerLength(in: tail), length <= size - SegmentLayout.headerLength else {
            throw damaged("it does not end as a segment does, so it is truncated or not one")
        }
        if length > tail.count { tail = try store.read(key, (size - length)..<size) }
        do throws(ArchiveError) {
            let trailer = Array(tail.suffix(length))
            guard let layout = try SegmentLayout(trailer: trailer, segmentBytes: size) else {
                throw damaged("its frame table does not match its digest or its size")
            }
            guard (layout.epoch != nil) == store.isEncrypted else {
                throw damaged(
                    "it is \(store.isEncrypted ? "not encrypted, and the repository is" : "encrypted, and the repository is not")"
                )
            }
            let cipher = try store.cipher(opening: layout, of: key)
            if let cipher, try !layout.isAuthentic(trailer, by: cipher) {
                throw damaged("its frame table does not open with the key that it was sealed under")
            }
            return (layout, cipher, trailer)
        } catch  where error.code == .unsupported {
            throw ArchiveError(.unsupported, "\(key) in \(store.location) cannot be read: \(error.message)")
        }
    }

    /// Plain bytes that are taken on trust.
    private static let modestFrame = 4 << 20

    /// Holds the table of some 250 frames: one request for nearly every segment.
    private static let guessedTrailer = 16 << 10

    private static func digest(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) -> Digest {
        try digesting { () throws(CryptoError) in
            var digest = try SHA256()
            try digest.update(bytes)
            return try digest.finish()
        }
    }

    /// - Returns: `nil` when the bytes are not whole documents.
    static func documents(in frame: UnsafeRawBufferPointer, kind: SegmentKind) throws(ArchiveError) -> Int? {
        guard frame.last == UInt8(ascii: "\n") else { return nil }
        switch kind {
        case .bulk:
            let lines = count(of: UInt8(ascii: "\n"), in: frame)
            return lines.isMultiple(of: 2) ? lines / 2 : nil
        case .exact:
            var documents = ExactDocuments(in: frame)
            var total = 0
            while try documents.next() != nil { total += 1 }
            return total
        }
    }
}
