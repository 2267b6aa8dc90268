import CZstd

/// Compresses frames, decoding each piece again and comparing it with its source on the way.
///
/// The comparison catches a compressor or memory that fails before the only good copy of the documents is gone. Everything
/// streams, so a frame of any size costs the same few MiB of contexts; these are reused from frame to frame.
final class FramePacker {
    private let compressor: CompressionContext
    private let decompressor: DecompressionContext
    private let stored: ByteBuffer
    private let decoded: ByteBuffer

    init(level: Int) throws(ArchiveError) {
        compressor = try CompressionContext(level: level)
        decompressor = try DecompressionContext()
        stored = ByteBuffer(count: ZSTD_CStreamOutSize())
        decoded = ByteBuffer(count: ZSTD_DStreamOutSize())
    }

    /// Makes one frame of the pieces, one after the other.
    /// - Parameter write: takes the frame's next bytes, which are valid during the call; the frame is good once `pack` returns.
    func pack(
        _ pieces: [UnsafeRawBufferPointer], _ write: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let plainBytes = pieces.reduce(0) { $0 + $1.count }
        // A frame that failed half-way leaves nothing behind.
        _ = try checkZstd(ZSTD_CCtx_reset(compressor.pointer, ZSTD_reset_session_only), "start a frame")
        _ = try checkZstd(ZSTD_DCtx_reset(decompressor.pointer, ZSTD_reset_session_only), "start a frame")
        _ = try checkZstd(ZSTD_CCtx_setPledgedSrcSize(compressor.pointer, UInt64(plainBytes)), "start a frame")
        var comparison = Comparison(pieces: pieces)
        var isEnded = false
        for (index, piece) in pieces.enumerated() {
            let mode = index == pieces.count - 1 ? ZSTD_e_end : ZSTD_e_continue
            var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
            var remaining = 0
            repeat {
                var output = ZSTD_outBuffer(dst: stored.bytes.baseAddress, size: stored.bytes.count, pos: 0)
                remaining = try checkZstd(ZSTD_compressStream2(compressor.pointer, &output, &input, mode), "compress a frame")
                let chunk = stored.prefix(output.pos)
                isEnded = try compare(chunk, &comparison)
                try write(chunk)
            } while input.pos < input.size || (mode == ZSTD_e_end && remaining > 0)
        }
        guard isEnded, comparison.isComplete else { throw mismatch() }
    }

    /// - Returns: whether the frame ended with this chunk.
    private func compare(_ chunk: UnsafeRawBufferPointer, _ comparison: inout Comparison) throws(ArchiveError) -> Bool {
        var input = ZSTD_inBuffer(src: chunk.baseAddress, size: chunk.count, pos: 0)
        while true {
            var output = ZSTD_outBuffer(dst: decoded.bytes.baseAddress, size: decoded.bytes.count, pos: 0)
            let expected = try checkZstd(
                ZSTD_decompressStream(decompressor.pointer, &output, &input), "decode what it just compressed", else: .corrupt)
            guard comparison.consume(decoded.prefix(output.pos)) else { throw mismatch() }
            if expected == 0 { return input.pos == input.size }
            if input.pos == input.size && output.pos < output.size { return false }
        }
    }

    private func mismatch() -> ArchiveError {
        ArchiveError(
            .corrupt, "a frame decodes to other bytes than it was made of, nothing of it was stored: check this machine's memory")
    }
}

/// Walks along the pieces of a frame while decoded bytes come in.
private struct Comparison {
    let pieces: [UnsafeRawBufferPointer]
    var index = 0
    var offset = 0

    init(pieces: [UnsafeRawBufferPointer]) {
        self.pieces = pieces.filter { !$0.isEmpty }
    }

    var isComplete: Bool { index == pieces.count }

    /// - Returns: whether the decoded bytes are the next ones.
    mutating func consume(_ decoded: UnsafeRawBufferPointer) -> Bool {
        var rest = decoded[...]
        while !rest.isEmpty {
            guard index < pieces.count else { return false }
            let piece = pieces[index]
            let count = min(rest.count, piece.count - offset)
            let expected = UnsafeRawBufferPointer(rebasing: piece[offset..<offset + count])
            guard areEqual(expected, UnsafeRawBufferPointer(rebasing: rest.prefix(count))) else { return false }
            rest = rest.dropFirst(count)
            offset += count
            if offset == piece.count {
                index += 1
                offset = 0
            }
        }
        return true
    }
}
