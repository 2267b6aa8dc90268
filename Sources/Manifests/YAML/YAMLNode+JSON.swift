package import Messages

extension YAMLNode {
    /// The node as JSON, members sorted, so that equal contents are equal values whatever order they were written in.
    package var json: JSONValue {
        switch content {
        case .scalar(.null): .null
        case .scalar(.bool(let value)): .bool(value)
        case .scalar(.integer(let value)): .integer(value)
        case .scalar(.number(let text)): Double(text).map { .number($0) } ?? .string(text)
        case .scalar(.text(let text)): .string(text)
        case .sequence(let nodes): .array(nodes.map(\.json))
        case .mapping(let entries):
            .object(Dictionary(entries.map { ($0.key, $0.value.json) }, uniquingKeysWith: { first, _ in first }))
        }
    }
}
