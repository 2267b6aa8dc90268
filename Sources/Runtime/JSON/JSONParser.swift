/// One pass over a text in memory that must outlive it; strict RFC 8259.
///
/// Nesting is bounded, so that a hostile text cannot exhaust a thread's stack.
struct JSONParser {
    static let maximumDepth = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private var position = 0

    /// - Parameter maximumDepth: levels of nesting, held within 0...512.
    init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = JSONParser.maximumDepth) {
        self.bytes = bytes
        self.maximumDepth = min(max(maximumDepth, 0), Self.maximumDepth)
    }

    mutating func parse() throws(JSONError) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure(.trailingBytes, "text goes on after the value") }
        return value
    }

    private func failure(_ code: JSONError.Code, _ message: String) -> JSONError {
        JSONError(code: code, message: message, offset: position)
    }

    private func unexpected(_ wanted: String) -> JSONError {
        guard position < bytes.count else { return failure(.unexpectedEnd, "the text ends where \(wanted) should come") }
        return failure(.unexpectedByte, "found byte \(bytes[position]) where \(wanted) should come")
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw unexpected("a value") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
        case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= maximumDepth else { throw failure(.tooDeep, "nested deeper than \(maximumDepth) levels") }
        position += 1
        var members: [JSONValue.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw unexpected("a member's name") }
            let name = try parseString()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
            members.append(JSONValue.Member(name: name, value: try parseValue(depth: depth)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("a comma or the object's end") }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= maximumDepth else { throw failure(.tooDeep, "nested deeper than \(maximumDepth) levels") }
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("a comma or the array's end") }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[index]) else { throw unexpected("the word \(word)") }
        }
        return value
    }

    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try takeDigits() }
        if position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            throw failure(.badNumber, "a number starts with a needless zero")
        }
        if take(UInt8(ascii: ".")) { try takeDigits() }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try takeDigits()
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func takeDigits() throws(JSONError) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
        guard position > start else { throw failure(.badNumber, "a number lacks a digit") }
    }

    /// Reads the string at its opening quote. One without escapes is copied in one piece.
    private mutating func parseString() throws(JSONError) -> String {
        position += 1
        let start = position
        var needsRewriting = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else { throw failure(.unexpectedByte, "a control character in a string is not escaped") }
            if byte == UInt8(ascii: "\\") {
                needsRewriting = true
                position += 1
            } else if byte == 0xF4 {
                needsRewriting = true
            }
            position += 1
        }
        guard position < bytes.count else {
            position = bytes.count
            throw unexpected("a string's end")
        }
        let end = position
        let content = UnsafeBufferPointer(rebasing: bytes[start..<end])
        guard needsRewriting else {
            guard let text = String(validating: content, as: UTF8.self) else { throw badUTF8(content, start) }
            position = end + 1
            return text
        }
        var unescaped = JSONUnescaping(content, startingAt: start)
        let result = try unescaped.text()
        position = end + 1
        return result
    }

    private func badUTF8(_ content: UnsafeBufferPointer<UInt8>, _ start: Int) -> JSONError {
        JSONError(code: .badUTF8, message: "the string that starts here is not UTF-8", offset: start)
    }
}

extension JSONValue {
    /// Parses one JSON text: strict RFC 8259 in UTF-8 without a byte order mark.
    ///
    /// - Parameter maximumDepth: levels of nesting, at most 512.
    package init(parsing bytes: some Sequence<UInt8>, maximumDepth: Int = 512) throws(JSONError) {
        let parsed = bytes.withContiguousStorageIfAvailable { Self.parse($0, maximumDepth) }
        let result = parsed ?? Array(bytes).withUnsafeBufferPointer { Self.parse($0, maximumDepth) }
        self = try result.get()
    }

    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: text.utf8)
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, _ maximumDepth: Int) -> Result<JSONValue, JSONError> {
        var parser = JSONParser(bytes, maximumDepth: maximumDepth)
        do throws(JSONError) {
            return .success(try parser.parse())
        } catch {
            return .failure(error)
        }
    }
}
