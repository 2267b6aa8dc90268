import Messages
import Runtime

/// Reads the fields of one YAML mapping, complains about each that is wrong, and at the end about each that nobody asked for.
///
/// Every method answers nil after a complaint, so that a resource reads all its fields first and gives up afterwards.
/// A field that is null counts as left out, as in Kubernetes.
final class FieldDecoder {
    let place: SourcePlace
    let path: String
    private let log: ComplaintLog
    private let isConfidential: Bool
    private var entries: [String: YAMLNode.Entry] = [:]
    private var order: [String] = []
    private var known: Set<String> = []

    /// Nil, after a complaint, when the node is no mapping. `isConfidential` keeps values out of complaints.
    init?(_ node: YAMLNode, path: String, log: ComplaintLog, isConfidential: Bool = false) {
        place = node.place
        self.path = path
        self.log = log
        self.isConfidential = isConfidential
        guard case .mapping(let list) = node.content else {
            log.add(FieldComplaint(.error, at: node.place, path: path, "expected fields, found \(node.kindSummary)"))
            return nil
        }
        for entry in list {
            entries[entry.key] = entry
            order.append(entry.key)
        }
    }

    var keys: [String] { order }

    /// Whether the field is there and not null.
    func has(_ key: String) -> Bool { entries[key].map { !$0.value.isNull } ?? false }

    /// The field's node, nil when it is left out or null. Counts as asked for.
    func node(_ key: String) -> YAMLNode? {
        known.insert(key)
        guard let entry = entries[key], !entry.value.isNull else { return nil }
        return entry.value
    }

    /// Fields that are kept without being looked at.
    func ignore(_ keys: String...) { known.formUnion(keys) }

    func path(to key: String) -> String {
        // A dot inside a key, as in labels, would read as one more level.
        let isPlain = !key.contains { ".[]\" ".contains($0) }
        let step = isPlain ? key : "[\"\(key)\"]"
        return path.isEmpty ? step : isPlain ? path + "." + step : path + step
    }

    // MARK: - Complaints

    /// Where to point at for a field: its value, else the mapping that should have it.
    func place(of key: String) -> SourcePlace { entries[key]?.value.place ?? place }

    func complain(_ key: String, _ message: String) {
        log.add(FieldComplaint(.error, at: place(of: key), path: path(to: key), message))
    }

    /// Complains of one element of a list.
    func complain(_ key: String, element index: Int, _ message: String) {
        let place = node(key).flatMap { node in
            if case .sequence(let nodes) = node.content, nodes.indices.contains(index) { nodes[index].place } else { nil }
        }
        log.add(FieldComplaint(.error, at: place ?? self.place(of: key), path: "\(path(to: key))[\(index)]", message))
    }

    func warn(_ key: String, _ message: String) {
        log.add(FieldComplaint(.warning, at: place(of: key), path: path(to: key), message))
    }

    func found(_ node: YAMLNode) -> String { isConfidential ? node.kindSummary : node.summary }

    /// `inner` is a field inside of `key`, for a group that is missing as a whole.
    func complainMissing(_ key: String, inner: String? = nil, _ expected: String) {
        let path = path(to: key) + (inner.map { "." + $0 } ?? "")
        log.add(FieldComplaint(.error, at: place(of: key), path: path, "expected \(expected), found nothing"))
    }

    private func complain(_ node: YAMLNode, path: String, expected: String) {
        log.add(FieldComplaint(.error, at: node.place, path: path, "expected \(expected), found \(found(node))"))
    }

    /// Warns about every field that was not asked for; it stays in the resource's source. To be called when all are read.
    func finish() {
        for key in order where !known.contains(key) {
            guard let entry = entries[key] else { continue }
            log.add(
                FieldComplaint(
                    .warning, at: entry.place, path: path(to: key), "not a field that Sheaf knows; it is kept and has no effect"))
        }
    }

    // MARK: - Nested values

    /// Reads a group of fields; unknown ones in it are warned about.
    func fields<Value>(_ key: String, _ read: (FieldDecoder) -> Value?) -> Value? {
        guard let node = node(key) else { return nil }
        return fields(in: node, path: path(to: key), read)
    }

    private func fields<Value>(in node: YAMLNode, path: String, _ read: (FieldDecoder) -> Value?) -> Value? {
        guard let decoder = FieldDecoder(node, path: path, log: log, isConfidential: isConfidential) else { return nil }
        let value = read(decoder)
        decoder.finish()
        return value
    }

    /// Looks into a group of fields that is kept as it is, whatever else is in it.
    func part(of key: String, _ read: (FieldDecoder) -> Void) {
        guard let node = node(key),
            let decoder = FieldDecoder(node, path: path(to: key), log: log, isConfidential: isConfidential)
        else { return }
        read(decoder)
    }

    /// Reads a list of groups of fields; empty when left out, without the elements that are wrong.
    func list<Value>(_ key: String, _ read: (FieldDecoder) -> Value?) -> [Value] {
        elements(key).enumerated().compactMap { index, node in
            fields(in: node, path: "\(path(to: key))[\(index)]", read)
        }
    }

    /// The nodes of a list; empty when left out.
    func elements(_ key: String) -> [YAMLNode] {
        guard let node = node(key) else { return [] }
        guard case .sequence(let nodes) = node.content else {
            complain(node, path: path(to: key), expected: "a list")
            return []
        }
        return nodes
    }

    /// A list of texts; empty when left out.
    func texts(_ key: String) -> [String] {
        elements(key).enumerated().compactMap { index, node in
            text(node, path: "\(path(to: key))[\(index)]")
        }
    }

    /// Names with texts, as labels are; empty when left out.
    func textMap(_ key: String) -> [String: String] {
        guard let node = node(key) else { return [:] }
        guard case .mapping(let list) = node.content else {
            complain(node, path: path(to: key), expected: "names with texts")
            return [:]
        }
        var map: [String: String] = [:]
        for entry in list {
            map[entry.key] = text(entry.value, path: "\(path(to: key))[\"\(entry.key)\"]")
        }
        return map
    }

    // MARK: - Scalars

    private func text(_ node: YAMLNode, path: String) -> String? {
        if let text = node.text { return text }
        if case .scalar(let scalar) = node.content, scalar != .null {
            complain(node, path: path, expected: "text (put the value in quotes)")
        } else {
            complain(node, path: path, expected: "text")
        }
        return nil
    }

    func text(_ key: String) -> String? {
        guard let node = node(key) else { return nil }
        return text(node, path: path(to: key))
    }

    /// A text that must be there and not be empty; `expected` says what it is.
    func requiredText(_ key: String, _ expected: String) -> String? {
        guard let node = node(key) else {
            complainMissing(key, expected)
            return nil
        }
        guard let text = text(node, path: path(to: key)) else { return nil }
        guard !text.isEmpty else {
            complain(key, "expected \(expected), found an empty text")
            return nil
        }
        return text
    }

    /// False when left out.
    func flag(_ key: String) -> Bool {
        guard let node = node(key) else { return false }
        if case .scalar(.bool(let value)) = node.content { return value }
        complain(node, path: path(to: key), expected: "true or false")
        return false
    }

    func int(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = node(key) else { return nil }
        if case .scalar(.integer(let value)) = node.content, let int = Int(exactly: value), range.contains(int) { return int }
        let end = range.upperBound == Int(Int32.max) ? "on" : "to \(range.upperBound)"
        complain(node, path: path(to: key), expected: "a whole number from \(range.lowerBound) \(end)")
        return nil
    }

    /// A number of things, as large as Kubernetes allows.
    func count(_ key: String) -> Int? { int(key, in: 0...Int(Int32.max)) }

    func choice<Value: RawRepresentable<String> & CaseIterable>(_ key: String, of type: Value.Type = Value.self) -> Value? {
        guard let node = node(key) else { return nil }
        if let text = node.text, let value = Value(rawValue: text) { return value }
        complain(node, path: path(to: key), expected: Value.allCases.map(\.rawValue).joined(separator: " or "))
        return nil
    }

    func duration(_ key: String) -> StashDuration? {
        guard let node = node(key) else { return nil }
        if let text = node.text, let duration = StashDuration(text) { return duration }
        complain(node, path: path(to: key), expected: "a duration of h, m and s, such as \"1h30m\"")
        return nil
    }

    /// A part that Sheaf keeps as it is.
    func raw(_ key: String) -> JSONValue? { node(key)?.json(sortingMembers: true) }
}
