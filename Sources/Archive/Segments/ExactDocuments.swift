/// Walks over the documents of a frame of kind `exact`.
package struct ExactDocuments {
    package struct Document {
        /// The action line as it was appended, without a line feed.
        package let action: [UInt8]
        /// Valid as long as the frame's bytes are.
        package let source: UnsafeRawBufferPointer
    }

    private let frame: UnsafeRawBufferPointer
    private var offset = 0

    package init(in frame: UnsafeRawBufferPointer) {
        self.frame = frame
    }

    /// - Returns: `nil` at the end of the frame.
    /// - Throws: `.corrupt` when the bytes are not documents of this kind.
    package mutating func next() throws(ArchiveError) -> Document? {
        guard offset < frame.count else { return nil }
        guard let end = firstIndex(of: UInt8(ascii: "\n"), in: frame, from: offset),
            let (action, length) = ExactDocuments.split(frame[offset..<end]), length < frame.count - end - 1,
            frame[end + 1 + length] == UInt8(ascii: "\n")
        else {
            throw ArchiveError(
                .corrupt,
                "no document with its length starts at byte \(offset) of an exact frame: read it from another copy")
        }
        offset = end + 1 + length + 1
        return Document(action: action, source: UnsafeRawBufferPointer(rebasing: frame[(end + 1)..<(end + 1 + length)]))
    }

    /// Takes `,"length":N` out again; it always ends the line, so that nothing before it needs to be parsed.
    private static func split(_ line: Slice<UnsafeRawBufferPointer>) -> (action: [UInt8], length: Int)? {
        guard line.last == UInt8(ascii: "}") else { return nil }
        let digits = line.dropLast().reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let rest = line.dropLast(digits.count + 1)
        guard (1...18).contains(digits.count), rest.reversed().starts(with: marker.reversed()) else { return nil }
        let length = digits.reversed().reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return (Array(rest.dropLast(marker.count)) + [UInt8(ascii: "}")], length)
    }

    private static let marker = Array(",\"length\":".utf8)
}
