import Glibc

/// The two lines that carry one document to `_bulk`: its action and its source.
package enum BulkLine {
    /// Whether a source can be a line unchanged: one with a raw line feed, or a carriage return at its end (which `_bulk` cuts
    /// off), needs `putDocument`.
    package static func canCarry(source: UnsafeRawBufferPointer) -> Bool {
        guard let start = source.baseAddress, let last = source.last else { return false }
        return last != UInt8(ascii: "\r") && memchr(start, Int32(UInt8(ascii: "\n")), source.count) == nil
    }

    /// Appends `{"index":{"_id":…,"routing":…}}`, a line feed, the source and a line feed.
    ///
    /// - Parameters:
    ///   - id: a JSON string with its quotes, like `routing`.
    ///   - source: must satisfy `canCarry`.
    package static func append(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, to lines: inout [UInt8]
    ) {
        lines += #"{"index":{"_id":"#.utf8
        lines += id
        if let routing {
            lines += #","routing":"#.utf8
            lines += routing
        }
        lines += "}}\n".utf8
        lines += source
        lines.append(UInt8(ascii: "\n"))
    }
}
