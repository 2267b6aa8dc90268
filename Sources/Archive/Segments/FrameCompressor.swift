/// Compresses frames into memory, so that several threads can work on one segment: each has its own, and the segment's writer takes
/// what they made in the segment's order.
package final class FrameCompressor {
    private let packer: FramePacker
    private var buffer: ByteBuffer

    /// - Parameter settings: those of the segments that the frames are for.
    package init(settings: SegmentSettings) throws(ArchiveError) {
        packer = try FramePacker(level: settings.level)
        buffer = ByteBuffer(count: settings.frameBytes)
    }

    /// Compresses documents that stand one after the other as `SegmentWriter.append` would have written them.
    /// - Returns: a frame that is valid until the next call.
    /// - Throws: `.invalid` when the bytes cannot be so many documents of that kind.
    package func compress(
        _ documents: UnsafeRawBufferPointer, count: Int, kind: SegmentKind
    ) throws(ArchiveError) -> CompressedFrame {
        try kind.checkPlausibility(of: documents, count: count)
        var filled = 0
        try packer.pack([documents]) { (chunk) throws(ArchiveError) in
            if filled + chunk.count > buffer.bytes.count { grow(keeping: filled, for: chunk.count) }
            UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[filled...]).copyMemory(from: chunk)
            filled += chunk.count
        }
        return CompressedFrame(kind: kind, bytes: buffer.prefix(filled), plainBytes: documents.count, documents: count)
    }

    private func grow(keeping filled: Int, for more: Int) {
        let larger = ByteBuffer(count: max(2 * buffer.bytes.count, filled + more))
        larger.bytes.copyMemory(from: buffer.prefix(filled))
        buffer = larger
    }
}

/// A zstd frame of whole documents, decoded again and compared with them already.
package struct CompressedFrame {
    let kind: SegmentKind
    let bytes: UnsafeRawBufferPointer
    let plainBytes: Int
    let documents: Int
}

extension SegmentKind {
    func checkPlausibility(of frame: UnsafeRawBufferPointer, count documents: Int) throws(ArchiveError) {
        let lineFeed = UInt8(ascii: "\n")
        let isPlausible =
            frame.last == lineFeed && documents > 0 && (self == .exact || count(of: lineFeed, in: frame) == 2 * documents)
        guard isPlausible else {
            throw ArchiveError(.invalid, "a frame of \(frame.count) bytes cannot be \(documents) documents of kind \(rawValue)")
        }
    }
}
