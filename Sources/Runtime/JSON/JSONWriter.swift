/// Writes a value as JSON text in UTF-8.
struct JSONWriter {
    private(set) var output: [UInt8] = []
    private let sortedKeys: Bool
    private let pretty: Bool

    init(sortedKeys: Bool, pretty: Bool) {
        self.sortedKeys = sortedKeys
        self.pretty = pretty
    }

    mutating func write(_ value: JSONValue, level: Int = 0) {
        switch value {
        case .null: append("null")
        case .bool(let flag): append(flag ? "true" : "false")
        case .number(let text): append(text)
        case .string(let text): writeString(text)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                startElement(isFirst: index == 0, level: level)
                write(element, level: level + 1)
            }
            finish(isEmpty: elements.isEmpty, level: level, with: UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in ordered(members).enumerated() {
                startElement(isFirst: index == 0, level: level)
                writeString(member.name)
                append(pretty ? ": " : ":")
                write(member.value, level: level + 1)
            }
            finish(isEmpty: members.isEmpty, level: level, with: UInt8(ascii: "}"))
        }
    }

    private mutating func append(_ text: String) {
        output.append(contentsOf: text.utf8)
    }

    /// Sorted by the bytes of the name, which no locale or Unicode version changes; equal names keep their order.
    private func ordered(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
        guard sortedKeys else { return members }
        return members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private mutating func startElement(isFirst: Bool, level: Int) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        if pretty { newLine(level: level + 1) }
    }

    private mutating func finish(isEmpty: Bool, level: Int, with close: UInt8) {
        if pretty && !isEmpty { newLine(level: level) }
        output.append(close)
    }

    private mutating func newLine(level: Int) {
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: 2 * level))
    }

    private mutating func writeString(_ text: String) {
        output.append(UInt8(ascii: "\""))
        var text = text
        let isPlain = text.withUTF8 { bytes in
            guard bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 != 0xF4 }) else {
                return false
            }
            output.append(contentsOf: bytes)
            return true
        }
        if !isPlain { writeEscaped(text.unicodeScalars) }
        output.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscaped(_ scalars: String.UnicodeScalarView) {
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let scalar = scalars[index]
            index = scalars.index(after: index)
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case "\u{8}": append("\\b")
            case "\u{C}": append("\\f")
            case "\u{0}"..<"\u{20}": writeUnit(scalar.value)
            case JSONUnescaping.mark where index < scalars.endIndex:
                let next = scalars[index]
                if next == JSONUnescaping.mark {
                    index = scalars.index(after: index)
                    output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                } else if next.value >= 0x10D800 && next.value <= 0x10DFFF {
                    index = scalars.index(after: index)
                    writeUnit(next.value - JSONUnescaping.shift)
                } else {
                    output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
            default: output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }

    private mutating func writeUnit(_ unit: UInt32) {
        append("\\u")
        let digits = String(unit, radix: 16)
        append(String(repeating: "0", count: 4 - digits.count) + digits)
    }
}

extension JSONValue {
    /// The value as text. Parsing it again gives an equal value (member order aside when sorted).
    package func serialized(sortedKeys: Bool = false, pretty: Bool = false) -> String {
        String(decoding: serializedBytes(sortedKeys: sortedKeys, pretty: pretty), as: UTF8.self)
    }

    /// The same text as UTF-8 bytes.
    package func serializedBytes(sortedKeys: Bool = false, pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(sortedKeys: sortedKeys, pretty: pretty)
        writer.write(self)
        return writer.output
    }
}

extension JSONValue: CustomStringConvertible {
    package var description: String { serialized() }
}
