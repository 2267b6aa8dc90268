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
    private let layout: SegmentLayout
    private let store: any ObjectStore
    private let windowBytes: Int
    private let context: DecompressionContext
    private var window: [UInt8] = []
    private var windowStart = 0
    private var plain = ByteBuffer(count: 0)

    package var kind: SegmentKind { layout.kind }
    package var frames: [SegmentFrame] { layout.frames }
    package var documents: Int { layout.documents }
    package var plainBytes: Int { layout.plainBytes }

    /// Reads the frame table, with one request when the size is given.
    /// - Parameters:
    ///   - storedBytes: as the segment's reference says; asked of the store when `nil`.
    ///   - windowBytes: stored bytes to read with one request, when more frames follow.
    package init(
        store: any ObjectStore, id: Digest, storedBytes: Int? = nil, windowBytes: Int = 4 << 20
    ) throws(ArchiveError) {
        let key = ObjectKey.segment(id)
        var size = storedBytes
        if size == nil { size = try store.size(key) }
        guard let size else { throw store.absent(key) }
        self.store = store
        self.id = id
        self.storedBytes = size
        self.windowBytes = windowBytes
        layout = try SegmentReader.layout(of: key, in: store, size: size)
        context = try DecompressionContext()
    }

    /// The plain bytes of a frame: whole documents, checked against the frame's digest, zstd's checksum and the table.
    ///
    /// Valid until the next call of this reader; sequential calls are the cheap ones.
    /// - Throws: `.corrupt` naming segment and frame.
    package func frame(_ index: Int) throws(ArchiveError) -> UnsafeRawBufferPointer {
        let frame = try known(index)
        try fetch(index)
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

    /// The window must hold the frame.
    private func decode(_ index: Int, into bytes: UnsafeMutableRawBufferPointer) throws(ArchiveError) {
        let frame = frames[index]
        let start = frame.offset - windowStart
        let isWhole = try window.withBytes { (window) throws(ArchiveError) in
            let stored = UnsafeRawBufferPointer(rebasing: window[start..<(start + frame.storedBytes)])
            guard try SegmentReader.digest(stored) == frame.digest else { return false }
            let count = ZSTD_decompressDCtx(
                context.pointer, bytes.baseAddress, frame.plainBytes, stored.baseAddress, stored.count)
            return ZSTD_isError(count) == 0 && count == frame.plainBytes
        }
        guard isWhole else { throw damaged("frame \(index) of \(frames.count) does not match its digest") }
    }

    /// Reads the whole segment: its name, its header, every frame and every frame's number of documents.
    package func verify() throws(ArchiveError) {
        var digest = try digesting { () throws(CryptoError) in try SHA256() }
        let key = ObjectKey.segment(id)
        for start in stride(from: 0, to: storedBytes, by: windowBytes) {
            let bytes = try store.read(key, start..<min(start + windowBytes, storedBytes))
            try digesting { () throws(CryptoError) in try digest.update(bytes) }
        }
        let whole = try digesting { () throws(CryptoError) in try digest.finish() }
        for (index, frame) in frames.enumerated() {
            let found = try SegmentReader.documents(in: self.frame(index), kind: kind)
            guard found == frame.documents else {
                throw damaged("frame \(index) holds other than the \(frame.documents) documents its table says")
            }
        }
        guard whole == id else { throw damaged("its bytes have the digest \(whole), not its name") }
    }

    /// Makes the window hold a frame, and with the first one checks the header too.
    private func fetch(_ index: Int) throws(ArchiveError) {
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
        guard index > 0 || window.starts(with: layout.header) else {
            window = []
            throw damaged("its header is not the one its table tells of, before frame 0")
        }
    }

    private func damaged(_ cause: String) -> ArchiveError {
        ArchiveError(.corrupt, "segment \(id) in \(store.location) is damaged: \(cause); restore it from another copy")
    }

    private static func layout(of key: ObjectKey, in store: any ObjectStore, size: Int) throws(ArchiveError) -> SegmentLayout {
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
            guard let layout = try SegmentLayout(trailer: Array(tail.suffix(length)), segmentBytes: size) else {
                throw damaged("its frame table does not match its digest or its size")
            }
            return layout
        } catch  where error.code == .unsupported {
            throw ArchiveError(.unsupported, "\(key) in \(store.location) cannot be read: \(error.message)")
        }
    }

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
    private static func documents(in frame: UnsafeRawBufferPointer, kind: SegmentKind) throws(ArchiveError) -> Int? {
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
