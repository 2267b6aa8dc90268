/// Makes one line of a document's source that was indexed with raw line ends, which JSON allows between its values.
enum SourceLine {
    /// Line ends outside strings become spaces, and comments (which the engines accept) a space each; within strings nothing changes.
    static func flattened(_ source: UnsafeRawBufferPointer) -> [UInt8] {
        let (quote, backslash, slash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"))
        let (star, feed, cr) = (UInt8(ascii: "*"), UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        var line: [UInt8] = []
        line.reserveCapacity(source.count)
        var place = 0
        var isString = false
        while place < source.count {
            let byte = source[place]
            let next = place + 1 < source.count ? source[place + 1] : 0
            if isString {
                line.append(byte)
                if byte == backslash, place + 1 < source.count {
                    line.append(next)
                    place += 1
                }
                isString = byte != quote
            } else if byte == slash, next == slash {
                while place < source.count, source[place] != feed, source[place] != cr { place += 1 }
                line.append(UInt8(ascii: " "))
                continue
            } else if byte == slash, next == star {
                place += 2
                while place + 1 < source.count, !(source[place] == star && source[place + 1] == slash) { place += 1 }
                line.append(UInt8(ascii: " "))
                place += 1
            } else {
                line.append(byte == feed || byte == cr ? UInt8(ascii: " ") : byte)
                isString = byte == quote
            }
            place += 1
        }
        return line
    }
}
