import CScan

/// Finds the end of one JSON value in bytes that arrive in pieces: the comma, brace or bracket that follows it.
///
/// Knows strings, escapes, nesting and the comments that servers accept in a `_source`; checks nothing else. Inside objects and
/// arrays it works on blocks of 64 bytes with the bit operations of simdjson (Langdale and Lemire, 2019), else byte by byte.
package struct ValueScanner {
    private enum Mode {
        case plain
        case string
        /// In a string, right after a backslash that escapes what follows.
        case escape
        /// After a slash outside of strings, which begins a comment.
        case slash
        case lineComment
        case blockComment
        case blockCommentStar
    }

    private var mode = Mode.plain
    private var depth = 0

    package init() {}

    /// Goes on at `position` until the value's delimiter, which is not consumed, or the end of the bytes.
    ///
    /// - Returns: whether the delimiter was found; `position` is its place then, else `end`.
    package mutating func advance(_ bytes: UnsafePointer<UInt8>, _ position: inout Int, end: Int) -> Bool {
        while position < end {
            if depth > 0, end - position >= 64, mode == .plain || mode == .string || mode == .escape {
                if skipBlock(bytes, &position) { continue }
                // A comment begins in this block: its bytes are looked at one by one.
                if advanceSlowly(bytes, &position, end: position + 64) { return true }
            } else if advanceSlowly(bytes, &position, end: end) {
                return true
            }
        }
        return false
    }

    /// Skips 64 bytes, or fewer when the outermost bracket closes among them.
    ///
    /// - Returns: false, with nothing changed, when a slash stands outside of strings.
    @inline(__always)
    private mutating func skipBlock(_ bytes: UnsafePointer<UInt8>, _ position: inout Int) -> Bool {
        let block = bytes + position
        let backslashes = sheaf_scan_equal(block, UInt8(ascii: "\\"))
        var quotes = sheaf_scan_equal(block, UInt8(ascii: "\""))
        var endsInEscape = false
        if backslashes != 0 || mode == .escape {
            let escaped = ValueScanner.escaped(by: backslashes, firstIsEscaped: mode == .escape, &endsInEscape)
            quotes &= ~escaped
        }
        var inString = quotes
        inString ^= inString << 1
        inString ^= inString << 2
        inString ^= inString << 4
        inString ^= inString << 8
        inString ^= inString << 16
        inString ^= inString << 32
        if mode != .plain { inString = ~inString }
        guard sheaf_scan_equal(block, UInt8(ascii: "/")) & ~inString == 0 else { return false }

        let opening = sheaf_scan_equal_folded(block, UInt8(ascii: "{")) & ~inString
        var closing = sheaf_scan_equal_folded(block, UInt8(ascii: "}")) & ~inString
        if depth <= closing.nonzeroBitCount {
            var closed = 0
            while closing != 0 {
                let place = closing.trailingZeroBitCount
                closed += 1
                let opened = (opening & ((1 << UInt64(place)) &- 1)).nonzeroBitCount
                if depth + opened == closed {
                    depth = 0
                    mode = .plain
                    position += place + 1
                    return true
                }
                closing &= closing &- 1
            }
            depth += opening.nonzeroBitCount - closed
        } else {
            depth += opening.nonzeroBitCount - closing.nonzeroBitCount
        }
        mode = endsInEscape ? .escape : inString >> 63 == 1 ? .string : .plain
        position += 64
        return true
    }

    /// Marks the bytes that a backslash escapes, by the carry of an addition through each run of backslashes.
    @inline(__always)
    private static func escaped(by backslashes: UInt64, firstIsEscaped: Bool, _ endsInEscape: inout Bool) -> UInt64 {
        let carry: UInt64 = firstIsEscaped ? 1 : 0
        let even: UInt64 = 0x5555_5555_5555_5555
        let active = backslashes & ~carry
        let follows = active << 1 | carry
        let oddStarts = active & ~even & ~follows
        let (sum, overflow) = oddStarts.addingReportingOverflow(active)
        endsInEscape = overflow
        return (even ^ (sum << 1)) & follows
    }

    private mutating func advanceSlowly(_ bytes: UnsafePointer<UInt8>, _ position: inout Int, end: Int) -> Bool {
        var mode = mode
        var depth = depth
        var place = position
        defer {
            self.mode = mode
            self.depth = depth
            position = place
        }
        while place < end {
            let byte = bytes[place]
            switch mode {
            case .plain:
                if byte == UInt8(ascii: "\"") {
                    mode = .string
                } else if byte | 0x20 == UInt8(ascii: "{") {
                    depth += 1
                    place += 1
                    // Nested: back to blocks, if there are enough bytes for one.
                    if end - place >= 64 { return false }
                    continue
                } else if byte | 0x20 == UInt8(ascii: "}") {
                    if depth == 0 { return true }
                    depth -= 1
                } else if byte == UInt8(ascii: ",") {
                    if depth == 0 { return true }
                } else if byte == UInt8(ascii: "/") {
                    mode = .slash
                }
            case .string:
                if byte == UInt8(ascii: "\"") {
                    mode = .plain
                } else if byte == UInt8(ascii: "\\") {
                    mode = .escape
                }
            case .escape: mode = .string
            case .slash:
                switch byte {
                case UInt8(ascii: "*"): mode = .blockComment
                case UInt8(ascii: "/"): mode = .lineComment
                default:
                    // No comment after all: the byte is looked at again for what it is.
                    mode = .plain
                    continue
                }
            case .lineComment:
                if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { mode = .plain }
            case .blockComment:
                if byte == UInt8(ascii: "*") { mode = .blockCommentStar }
            case .blockCommentStar:
                if byte == UInt8(ascii: "/") {
                    mode = .plain
                } else if byte != UInt8(ascii: "*") {
                    mode = .blockComment
                }
            }
            place += 1
        }
        return false
    }
}
