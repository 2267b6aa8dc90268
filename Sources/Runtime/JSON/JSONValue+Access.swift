extension JSONValue {
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// The number when it is whole and fits; `3.0` and `3e2` count as whole up to 2^53.
    package var int: Int? {
        guard case .number(let text) = self else { return nil }
        if let exact = Int(text) { return exact }
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }) else { return nil }
        guard let double, double.magnitude <= 9_007_199_254_740_992 else { return nil }
        return Int(exactly: double)
    }

    /// The nearest double, nil for numbers beyond its range.
    package var double: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    package var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The kind in the words of RFC 8259, for messages such as "expected an object, found a string".
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The member of that name, the last if there are several; nil when absent or when this is no object.
    ///
    /// Setting replaces in place or appends, setting nil removes. What is not an object becomes one.
    package subscript(_ name: String) -> JSONValue? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.last { $0.name.isSpelled(name) }?.value
        }
        set {
            var members = members ?? []
            let place = members.lastIndex { $0.name.isSpelled(name) }
            if let newValue {
                if let place {
                    members[place].value = newValue
                } else {
                    members.append(Member(name: name, value: newValue))
                }
            } else {
                members.removeAll { $0.name.isSpelled(name) }
            }
            self = .object(members)
        }
    }

    /// The value reached by one name after the other; setting makes the objects on the way.
    package subscript(path path: [String]) -> JSONValue? {
        get {
            var value = self
            for name in path {
                guard let next = value[name] else { return nil }
                value = next
            }
            return value
        }
        set {
            guard let first = path.first else {
                self = newValue ?? .null
                return
            }
            guard path.count > 1 else {
                self[first] = newValue
                return
            }
            if newValue == nil && self[first] == nil { return }
            var inner = self[first] ?? .object([])
            inner[path: Array(path.dropFirst())] = newValue
            self[first] = inner
        }
    }

    /// The element at that place; nil past the end or when this is no array.
    package subscript(_ index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
