package import Runtime

/// Prints JSON values as YAML of indented blocks, which people read more easily. Reading it back gives the same value.
package enum YAMLText {
    /// - Returns: the members one below the other, in their order, without a newline at the end.
    package static func block(_ value: JSONValue) -> String { lines(of: value).joined(separator: "\n") }

    private static func lines(of value: JSONValue) -> [String] {
        switch value {
        case .object(let members) where !members.isEmpty:
            members.flatMap { member in
                let name = scalar(member.name)
                guard let text = inline(member.value) else { return ["\(name):"] + lines(of: member.value).map { "  " + $0 } }
                return ["\(name): \(text)"]
            }
        case .array(let elements) where !elements.isEmpty:
            elements.flatMap { element in
                if let text = inline(element) { return ["- \(text)"] }
                return lines(of: element).enumerated().map { ($0 == 0 ? "- " : "  ") + $1 }
            }
        default: [inline(value) ?? ""]
        }
    }

    /// Characters of an object or an array that still stands on one line.
    private static let shortest = 100

    /// What stands on the line of its name: all but objects and arrays that are long or hold others.
    private static func inline(_ value: JSONValue) -> String? {
        switch value {
        case .object(let members): flow(members.map(\.value)) { "\(word(members[$0].name)): \($1)" }.map { "{\($0)}" }
        case .array(let elements): flow(elements) { $1 }.map { "[\($0)]" }
        case .string(let text): scalar(text)
        case .null, .bool, .number: value.serialized()
        }
    }

    private static func flow(_ values: [JSONValue], _ print: (Int, String) -> String) -> String? {
        var parts: [String] = []
        for value in values {
            switch value {
            case .object, .array: return nil
            case .string(let text): parts.append(print(parts.count, word(text)))
            case .null, .bool, .number: parts.append(print(parts.count, value.serialized()))
            }
        }
        let text = parts.joined(separator: ", ")
        return text.count <= shortest ? text : nil
    }

    /// A scalar between commas and braces.
    private static func word(_ text: String) -> String {
        text.contains { ",[]{}".contains($0) } ? JSONValue.string(text).serialized() : scalar(text)
    }

    /// Words that YAML 1.1 or 1.2 takes for something else than text.
    private static let reserved: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map { isLetter($0) || $0 == UInt8(ascii: "$") } == true && text.utf8.last != UInt8(ascii: " ")
            && text.utf8.last != UInt8(ascii: ":") && !text.contains(": ") && !text.contains(" #")
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !reserved.contains(text.lowercased())
        return isPlain ? text : JSONValue.string(text).serialized()
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }
}
