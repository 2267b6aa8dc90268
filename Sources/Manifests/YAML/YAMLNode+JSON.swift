package import Runtime

extension YAMLNode {
    /// The node as JSON, members in the order they are written in.
    package var json: JSONValue { json(sortingMembers: false) }

    /// - Parameter sortingMembers: by name, so that equal contents are equal values whatever order they were written in.
    package func json(sortingMembers: Bool) -> JSONValue {
        switch content {
        case .scalar(.null): return .null
        case .scalar(.bool(let value)): return .bool(value)
        case .scalar(.integer(let value)): return .number(String(value))
        case .scalar(.number(let text)): return .number(text)
        case .scalar(.text(let text)): return .string(text)
        case .sequence(let nodes): return .array(nodes.map { $0.json(sortingMembers: sortingMembers) })
        case .mapping(let entries):
            let members = entries.map { JSONValue.Member(name: $0.key, value: $0.value.json(sortingMembers: sortingMembers)) }
            return .object(sortingMembers ? members.sorted { $0.name < $1.name } : members)
        }
    }
}
