/// Any JSON value, kept as it was written: numbers by their text, members in their order.
///
/// For metadata (mappings, settings, messages), never for documents, which pass through as bytes.
/// Equality is exact: `1.0` and `1` differ, the order of members counts, and strings are compared byte by byte
/// (Swift's own `==` would call two different spellings of "é" the same field).
///
/// A Swift string cannot hold half a surrogate pair, which JSON can write as `\ud800`. Such a half is kept as the two
/// characters U+10FFFF and U+10D800...U+10DFFF, and written back as the same escape; a real U+10FFFF is kept as two of them.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The text of the number, exactly as written: 30 digits, `1.50e0` and `-0.0` survive.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// A name may come twice, as RFC 8259 allows; both are kept, and a look-up by name answers the last.
    case object([Member])

    package struct Member: Sendable {
        package var name: String
        package var value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The number as JSON writes it; a value that is not finite becomes null, since JSON has no word for it.
    package init(_ number: Double) {
        self = number.isFinite ? .number(number.description) : .null
    }

    package init(_ number: some BinaryInteger) {
        self = .number(String(number))
    }

    package init(_ bool: Bool) {
        self = .bool(bool)
    }

    package init(_ string: String) {
        self = .string(string)
    }
}

extension JSONValue: Equatable {
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)), (.string(let a), .string(let b)): a.isSpelled(b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue.Member: Equatable {
    package static func == (left: JSONValue.Member, right: JSONValue.Member) -> Bool {
        left.name.isSpelled(right.name) && left.value == right.value
    }
}

extension String {
    /// Whether both have the same bytes. The canonical comparison goes first since it is fast on what usually comes.
    func isSpelled(_ other: String) -> Bool {
        self == other && utf8.elementsEqual(other.utf8)
    }
}
