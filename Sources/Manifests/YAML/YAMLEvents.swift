import CYAML

/// One step of libyaml through a text, as a Swift value.
struct YAMLEvent {
    enum Kind {
        case documentStart
        case documentEnd
        case streamEnd
        case alias(String)
        case scalar(text: String, isPlain: Bool)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    var kind: Kind
    var anchor: String?
    var tag: String?
    var line: Int
    var column: Int
}

/// A text that is not YAML, with the place where libyaml noticed.
struct YAMLSyntaxError: Error {
    var message: String
    var line: Int
    var column: Int
}

/// Owns a libyaml parser and the text it reads, and frees both.
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// - Throws: when libyaml is out of memory.
    init(_ bytes: [UInt8]) throws(YAMLSyntaxError) {
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLSyntaxError(message: "out of memory", line: 1, column: 1)
        }
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(from: bytes)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; after `streamEnd` or an error there is none to ask for.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
            defer { yaml_event_delete(&event) }
            if let step = Self.step(event) { return step }
        }
    }

    /// Nil for the events that say nothing.
    private static func step(_ event: yaml_event_t) -> YAMLEvent? {
        var step = YAMLEvent(
            kind: .streamEnd, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
        switch event.type {
        case YAML_STREAM_END_EVENT: break
        case YAML_DOCUMENT_START_EVENT: step.kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: step.kind = .documentEnd
        case YAML_SEQUENCE_END_EVENT: step.kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: step.kind = .mappingEnd
        case YAML_ALIAS_EVENT:
            step.kind = .alias(string(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length))
            step.kind = .scalar(
                text: String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            step.anchor = string(scalar.anchor)
            step.tag = string(scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            step.kind = .sequenceStart
            step.anchor = string(event.data.sequence_start.anchor)
            step.tag = string(event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            step.kind = .mappingStart
            step.anchor = string(event.data.mapping_start.anchor)
            step.tag = string(event.data.mapping_start.tag)
        default: return nil
        }
        return step
    }

    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func syntaxError() -> YAMLSyntaxError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
        if parser.pointee.error == YAML_READER_ERROR {
            // The reader knows only a byte offset.
            let offset = min(parser.pointee.problem_offset, input.count)
            let before = input[..<offset]
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let characters = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            return YAMLSyntaxError(message: problem, line: line, column: characters + 1)
        }
        let context = parser.pointee.context.map { String(cString: $0) + " on line \(parser.pointee.context_mark.line + 1), " }
        return YAMLSyntaxError(
            message: (context ?? "") + problem, line: Int(parser.pointee.problem_mark.line) + 1,
            column: Int(parser.pointee.problem_mark.column) + 1)
    }
}
