/// Builds the documents of one YAML text, within bounds, and complains about what YAML allows and a manifest must not have.
///
/// Complaints: duplicate keys, keys that are not scalars, merge keys, unknown tags, aliases that are undefined or recursive,
/// nesting and size beyond the bounds. What is complained about does not stop the reading, a syntax error or a bound does.
struct YAMLComposer: ~Copyable {
    /// Levels of lists and fields, aliases expanded. Kubernetes' own resources stay under 30.
    static let maximumDepth = 64
    /// Nodes of a file, aliases expanded; an alias bomb has more.
    static let maximumNodes = 100_000
    static let maximumBytes = 8 << 20

    private var events: YAMLEvents
    private let file: String
    private let log: ComplaintLog
    private var anchors: [String: Anchored] = [:]
    private var openAnchors: Set<String> = []
    private var nodeCount = 0

    /// A finished node that an alias may stand for, and how much it adds when it does.
    private struct Anchored {
        var node: YAMLNode
        var nodes: Int
        var depth: Int
    }

    /// A node just read and the number of levels it has.
    private struct Composed {
        var node: YAMLNode
        var depth: Int
    }

    /// A document; not sound when something in it was complained about.
    struct Document {
        var node: YAMLNode
        var isSound: Bool
    }

    /// All documents up to the end or the first syntax error, which becomes a complaint. Empty documents are left out.
    static func documents(of bytes: [UInt8], file: String, log: ComplaintLog) -> [Document] {
        guard bytes.count <= maximumBytes else {
            let message = "the file has \(bytes.count) bytes, more than the \(maximumBytes) that are read; split it"
            log.add(FieldComplaint(.error, at: SourcePlace(file: file), message))
            return []
        }
        var documents: [Document] = []
        do throws(YAMLSyntaxError) {
            var composer = YAMLComposer(events: try YAMLEvents(bytes), file: file, log: log)
            var errorsBefore = log.errorCount
            while let node = try composer.nextDocument() {
                if !node.isNull { documents.append(Document(node: node, isSound: log.errorCount == errorsBefore)) }
                errorsBefore = log.errorCount
            }
        } catch {
            let place = SourcePlace(file: file, line: error.line, column: error.column)
            log.add(FieldComplaint(.error, at: place, "not valid YAML: \(error.message)"))
        }
        return documents
    }

    private init(events: consuming YAMLEvents, file: String, log: ComplaintLog) {
        self.events = events
        self.file = file
        self.log = log
    }

    private mutating func nextDocument() throws(YAMLSyntaxError) -> YAMLNode? {
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return nil
            case .documentStart:
                anchors = [:]
                return try node(try events.next(), level: 0).node
            default: continue
            }
        }
    }

    private func place(_ event: YAMLEvent) -> SourcePlace {
        SourcePlace(file: file, line: event.line, column: event.column)
    }

    private func complain(_ event: YAMLEvent, _ message: String) {
        log.add(FieldComplaint(.error, at: place(event), message))
    }

    private func stop(_ event: YAMLEvent, _ message: String) -> YAMLSyntaxError {
        YAMLSyntaxError(message: message, line: event.line, column: event.column)
    }

    private mutating func node(_ event: YAMLEvent, level: Int) throws(YAMLSyntaxError) -> Composed {
        guard level < Self.maximumDepth else { throw stop(event, "nested deeper than \(Self.maximumDepth) levels") }
        if case .alias(let name) = event.kind { return try alias(name, event, level: level) }
        nodeCount += 1
        try checkCount(event)
        let countBefore = nodeCount
        if let anchor = event.anchor { openAnchors.insert(anchor) }
        let composed: Composed
        switch event.kind {
        case .scalar(let text, let isPlain):
            composed = Composed(
                node: YAMLNode(.scalar(scalar(text, isPlain: isPlain, event)), at: place(event)), depth: 0)
        case .sequenceStart: composed = try sequence(event, level: level)
        case .mappingStart: composed = try mapping(event, level: level)
        default: throw stop(event, "expected a value")
        }
        if let anchor = event.anchor {
            openAnchors.remove(anchor)
            anchors[anchor] = Anchored(node: composed.node, nodes: nodeCount - countBefore + 1, depth: composed.depth)
        }
        return composed
    }

    private func checkCount(_ event: YAMLEvent) throws(YAMLSyntaxError) {
        guard nodeCount <= Self.maximumNodes else {
            throw stop(event, "more than \(Self.maximumNodes) values, aliases expanded")
        }
    }

    private mutating func alias(_ name: String, _ event: YAMLEvent, level: Int) throws(YAMLSyntaxError) -> Composed {
        guard !openAnchors.contains(name), let anchored = anchors[name] else {
            let isOpen = openAnchors.contains(name)
            complain(event, isOpen ? "alias *\(name) stands inside the value it names" : "alias *\(name) names no earlier anchor")
            nodeCount += 1
            return Composed(node: YAMLNode(.scalar(.null), at: place(event)), depth: 0)
        }
        nodeCount += anchored.nodes
        try checkCount(event)
        guard level + anchored.depth < Self.maximumDepth else {
            throw stop(event, "alias *\(name) nests deeper than \(Self.maximumDepth) levels")
        }
        var node = anchored.node
        node.place = place(event)
        return Composed(node: node, depth: anchored.depth)
    }

    private mutating func sequence(_ start: YAMLEvent, level: Int) throws(YAMLSyntaxError) -> Composed {
        checkTag(start, expected: "seq")
        var nodes: [YAMLNode] = []
        var depth = 0
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { break }
            let element = try node(event, level: level + 1)
            depth = max(depth, element.depth + 1)
            nodes.append(element.node)
        }
        return Composed(node: YAMLNode(.sequence(nodes), at: place(start)), depth: depth)
    }

    private mutating func mapping(_ start: YAMLEvent, level: Int) throws(YAMLSyntaxError) -> Composed {
        checkTag(start, expected: "map")
        var entries: [YAMLNode.Entry] = []
        var places: [String: SourcePlace] = [:]
        var depth = 0
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            let key = try self.key(event, level: level)
            let value = try node(try events.next(), level: level + 1)
            depth = max(depth, value.depth + 1)
            guard let key else { continue }
            if let first = places[key] {
                complain(event, "the key \(key) comes twice; it is also on line \(first.line)")
                continue
            }
            places[key] = place(event)
            entries.append(YAMLNode.Entry(key: key, place: place(event), value: value.node))
        }
        return Composed(node: YAMLNode(.mapping(entries), at: place(start)), depth: depth)
    }

    /// The text of a key; nil, after a complaint, when it has none or may not be used.
    private mutating func key(_ event: YAMLEvent, level: Int) throws(YAMLSyntaxError) -> String? {
        switch event.kind {
        case .scalar("<<", true):
            nodeCount += 1
            complain(event, "merge keys (<<) are not part of YAML 1.2; write the fields out")
            return nil
        case .scalar(let text, _):
            _ = try node(event, level: level + 1)
            return text
        default:
            _ = try node(event, level: level + 1)
            complain(event, "a key must be plain text")
            return nil
        }
    }

    // MARK: - Tags

    private func scalar(_ text: String, isPlain: Bool, _ event: YAMLEvent) -> YAMLScalar {
        guard let tag = event.tag else { return isPlain ? YAMLScalar(plain: text) : .text(text) }
        let plain = YAMLScalar(plain: text)
        switch (tag, plain) {
        case ("!", _), (Self.core + "str", _): return .text(text)
        case (Self.core + "null", .null), (Self.core + "bool", .bool), (Self.core + "int", .integer): return plain
        case (Self.core + "float", .integer), (Self.core + "float", .number): return plain
        case (Self.core + "null", _), (Self.core + "bool", _), (Self.core + "int", _), (Self.core + "float", _):
            complain(event, "the value does not fit its tag !!\(tag.dropFirst(Self.core.count))")
        default: complain(event, "the tag \(tag) is not known; leave it out")
        }
        return .text(text)
    }

    private func checkTag(_ event: YAMLEvent, expected: String) {
        guard let tag = event.tag, tag != Self.core + expected, tag != "!" else { return }
        complain(event, "the tag \(tag) is not known; leave it out")
    }

    private static let core = "tag:yaml.org,2002:"
}
