import FoundationEssentials

/// The JSON coding of every message and journal entry: sorted keys, so that equal values have equal bytes, and no escaped slashes.
package enum MessageCoding {
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Why something could not be decoded, without anything that stands in it but the names of its members.
    package static func complaint(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
        case DecodingError.valueNotFound(_, let context): "\(path(context.codingPath)) is null"
        case DecodingError.typeMismatch(_, let context): "\(path(context.codingPath)) is of another type"
        case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty: "it is no JSON"
        case DecodingError.dataCorrupted(let context): "\(path(context.codingPath)) is not allowed to be what it is"
        default: "it cannot be decoded"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "it" : keys.suffix(8).map { $0.intValue.map(String.init) ?? name($0.stringValue) }.joined(separator: ".")
    }

    /// Names of ours are plain; what else stands where a name does may be content.
    private static func name(_ text: String) -> String {
        let isPlain =
            (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
            }
        return isPlain ? text : "?"
    }
}
