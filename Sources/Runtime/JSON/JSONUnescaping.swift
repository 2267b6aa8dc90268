/// Turns the inside of a JSON string into text; the caller has found its end and refused control characters.
struct JSONUnescaping {
    /// Stands before a kept half of a surrogate pair, and before itself (see `JSONValue`).
    static let mark: Unicode.Scalar = "\u{10FFFF}"
    /// A half U+D800...U+DFFF is kept as U+10D800...U+10DFFF.
    static let shift: UInt32 = 0x100000

    private let content: UnsafeBufferPointer<UInt8>
    private let base: Int
    private var position = 0
    private var output: [UInt8] = []

    /// - Parameter base: where the content starts in the whole text, for the offset in errors.
    init(_ content: UnsafeBufferPointer<UInt8>, startingAt base: Int) {
        self.content = content
        self.base = base
        output.reserveCapacity(content.count)
    }

    mutating func text() throws(JSONError) -> String {
        while position < content.count {
            let byte = content[position]
            if byte == UInt8(ascii: "\\") {
                try appendEscape()
            } else if isMark {
                append(Self.mark)
                append(Self.mark)
                position += 4
            } else {
                output.append(byte)
                position += 1
            }
        }
        guard let text = String(validating: output, as: UTF8.self) else {
            throw JSONError(code: .badUTF8, message: "the string that starts here is not UTF-8", offset: base)
        }
        return text
    }

    private var isMark: Bool {
        position + 3 < content.count && content[position] == 0xF4 && content[position + 1] == 0x8F
            && content[position + 2] == 0xBF && content[position + 3] == 0xBF
    }

    private mutating func appendEscape() throws(JSONError) {
        let start = position
        position += 1
        guard position < content.count else { throw failure("an escape is cut off", at: start) }
        let letter = content[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(letter)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): try appendUnit(start: start)
        default: throw failure("an escape that JSON does not have", at: start)
        }
    }

    private mutating func appendUnit(start: Int) throws(JSONError) {
        let unit = try hexadecimal(start: start)
        if let scalar = Unicode.Scalar(unit) {
            append(scalar)
            return
        }
        if unit < 0xDC00, position + 1 < content.count, content[position] == UInt8(ascii: "\\"),
            content[position + 1] == UInt8(ascii: "u")
        {
            let afterHigh = position
            position += 2
            let low = try hexadecimal(start: afterHigh)
            if (0xDC00...0xDFFF).contains(low), let pair = Unicode.Scalar(0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF)) {
                append(pair)
                if pair == Self.mark { append(Self.mark) }
                return
            }
            position = afterHigh
        }
        guard let kept = Unicode.Scalar(unit + Self.shift) else { throw failure("half a surrogate pair", at: start) }
        append(Self.mark)
        append(kept)
    }

    private mutating func hexadecimal(start: Int) throws(JSONError) -> UInt32 {
        guard position + 4 <= content.count else { throw failure("\\u needs four hexadecimal digits", at: start) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = content[position]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: throw failure("\\u needs four hexadecimal digits", at: start)
            }
            position += 1
        }
        return value
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private func failure(_ message: String, at position: Int) -> JSONError {
        JSONError(code: .badEscape, message: message, offset: base + position)
    }
}
