/// A value with a natural empty state: false, no elements, no entries.
package protocol Emptiable {
    static var empty: Self { get }
}

extension Bool: Emptiable {
    package static var empty: Bool { false }
}

extension Array: Emptiable {
    package static var empty: [Element] { [] }
}

extension Dictionary: Emptiable {
    package static var empty: [Key: Value] { [:] }
}

/// A field that is left out of JSON while it is empty, and empty when JSON leaves it out or says null: Go's `omitempty`.
@propertyWrapper
package struct OmittedWhenEmpty<Value: Emptiable & Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension OmittedWhenEmpty: Hashable where Value: Hashable {}

// Synthesized Codable code in this module picks these overloads, being more specific than the standard library's.
extension KeyedDecodingContainer {
    func decode<Value>(_ type: OmittedWhenEmpty<Value>.Type, forKey key: Key) throws -> OmittedWhenEmpty<Value> {
        try decodeIfPresent(type, forKey: key) ?? OmittedWhenEmpty(wrappedValue: .empty)
    }
}

extension KeyedEncodingContainer {
    mutating func encode<Value>(_ value: OmittedWhenEmpty<Value>, forKey key: Key) throws {
        guard value.wrappedValue != .empty else { return }
        try encode(value.wrappedValue, forKey: key)
    }
}
