extension Logger {
    /// A value that goes with a record. `Sensitive` prints `***` here as everywhere.
    package enum MetadataValue: Sendable {
        case string(String)
        /// Numbers and booleans stay such in JSON; anything else is its description.
        case stringConvertible(any CustomStringConvertible & Sendable)
        case array([MetadataValue])
        case dictionary(Metadata)
    }
}

extension Logger.MetadataValue {
    package var json: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .stringConvertible(let value): Self.json(of: value)
        case .array(let values): .array(values.map(\.json))
        case .dictionary(let values):
            .object(values.sorted { $0.key < $1.key }.map { JSONValue.Member(name: $0.key, value: $0.value.json) })
        }
    }

    private static func json(of value: any CustomStringConvertible) -> JSONValue {
        switch value {
        case let number as any BinaryInteger: .number(number.description)
        case let number as Double: JSONValue(number)
        case let flag as Bool: .bool(flag)
        default: .string(value.description)
        }
    }
}

extension Logger.MetadataValue: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension Logger.MetadataValue: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: Logger.MetadataValue...) {
        self = .array(elements)
    }
}

extension Logger.MetadataValue: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, Logger.MetadataValue)...) {
        self = .dictionary(Dictionary(elements) { $1 })
    }
}

extension Logger.MetadataValue: Equatable {
    package static func == (left: Logger.MetadataValue, right: Logger.MetadataValue) -> Bool {
        left.json == right.json
    }
}

extension Logger.MetadataValue: CustomStringConvertible {
    package var description: String { json.string ?? json.serialized() }
}
