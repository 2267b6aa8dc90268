/// Header fields in the order in which they were added or received; names compare without case.
package struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral, Sequence {
    private var fields: [(name: String, value: String)] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of a name; setting replaces all values of that name, nil removes them.
    package subscript(name: String) -> String? {
        get { fields.first { HTTPHeaders.equal($0.name, name) }?.value }
        set {
            fields.removeAll { HTTPHeaders.equal($0.name, name) }
            if let newValue { fields.append((name: name, value: newValue)) }
        }
    }

    package mutating func append(name: String, value: String) {
        fields.append((name: name, value: value))
    }

    package func makeIterator() -> IndexingIterator<[(name: String, value: String)]> { fields.makeIterator() }

    private static func equal(_ one: String, _ other: String) -> Bool {
        one.utf8.count == other.utf8.count && one.lowercased() == other.lowercased()
    }
}
