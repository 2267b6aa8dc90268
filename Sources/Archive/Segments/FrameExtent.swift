/// How many plain bytes a zstd frame can hold, by the headers of its blocks (RFC 8878, section 3.1.1), without decoding it.
///
/// A table or a frame that was changed could say any size; memory is taken for one that the stored bytes bear out.
enum FrameExtent {
    /// - Returns: an upper bound, `nil` when the bytes are not one whole zstd frame.
    static func largest(_ frame: UnsafeRawBufferPointer) -> Int? {
        guard frame.count >= 6, frame.starts(with: magic) else { return nil }
        let descriptor = frame[4]
        let isOneSegment = descriptor & 0x20 != 0
        let sizeBytes = [isOneSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        let checksumBytes = descriptor & 0x04 != 0 ? 4 : 0
        var place = 5 + (isOneSegment ? 0 : 1) + [0, 1, 2, 4][Int(descriptor & 0x03)] + sizeBytes
        var total = 0
        while place + 3 <= frame.count {
            let header = Int(frame[place]) | Int(frame[place + 1]) << 8 | Int(frame[place + 2]) << 16
            let size = header >> 3
            guard size <= largestBlock else { return nil }
            place += 3
            switch header >> 1 & 3 {
            case 0: (place, total) = (place + size, total + size)
            case 1: (place, total) = (place + 1, total + size)
            case 2: (place, total) = (place + size, total + largestBlock)
            default: return nil
            }
            if header & 1 == 1 { return place + checksumBytes == frame.count ? total : nil }
        }
        return nil
    }

    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    private static let largestBlock = 128 << 10
}
