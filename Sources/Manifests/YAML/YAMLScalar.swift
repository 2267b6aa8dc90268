/// A scalar as the core schema of YAML 1.2 reads it: `yes`, `no`, `on` and `off` are text, `0o17` and `0x1F` are integers.
package enum YAMLScalar: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// The text of a decimal number, as JSON would write it where JSON can.
    case number(String)
    case text(String)

    /// Resolves a plain scalar without a tag.
    package init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        default: self = Self.readNumber(text) ?? .text(text)
        }
    }

    /// Nil when the text is no number of the core schema, or is infinite or not a number: JSON and Stash have no such values.
    private static func readNumber(_ text: String) -> YAMLScalar? {
        var rest = Substring(text)
        if rest.hasPrefix("0o") { return Int64(rest.dropFirst(2), digits: 8).map { .integer($0) } }
        if rest.hasPrefix("0x") { return Int64(rest.dropFirst(2), digits: 16).map { .integer($0) } }
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        let whole = rest.takeDigits()
        if rest.isEmpty, !whole.isEmpty {
            let digits = whole.drop { $0 == "0" }
            let canonical = (isNegative ? "-" : "") + (digits.isEmpty ? "0" : digits)
            return Int64(canonical).map { .integer($0) } ?? .number(canonical)
        }
        var fraction: Substring = ""
        if rest.first == "." {
            rest.removeFirst()
            fraction = rest.takeDigits()
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        var exponent = ""
        if let letter = rest.first, letter == "e" || letter == "E" {
            rest.removeFirst()
            exponent = "e"
            if let sign = rest.first, sign == "-" || sign == "+" {
                exponent.append(rest.removeFirst())
            }
            let digits = rest.takeDigits()
            guard !digits.isEmpty else { return nil }
            exponent += digits
        }
        guard rest.isEmpty else { return nil }
        let digits = whole.drop { $0 == "0" }
        let decimals = fraction.isEmpty ? "" : "." + fraction
        return .number((isNegative ? "-" : "") + (digits.isEmpty ? "0" : digits) + decimals + exponent)
    }

    var summary: String {
        switch self {
        case .null: "nothing"
        case .bool(let value): "the boolean \(value)"
        case .integer(let value): "the number \(value)"
        case .number(let text): "the number \(text)"
        case .text(let text): "\"\(text.count > 60 ? text.prefix(57) + "..." : text[...])\""
        }
    }
}

extension Substring {
    fileprivate mutating func takeDigits() -> Substring {
        let digits = prefix { ("0"..."9").contains($0) }
        removeFirst(digits.count)
        return digits
    }
}

extension Int64 {
    /// Like `init(_:radix:)`, without a sign.
    fileprivate init?(_ text: Substring, digits radix: Int) {
        guard let first = text.first, first != "-", first != "+" else { return nil }
        self.init(text, radix: radix)
    }
}
