import CYAML
package import Runtime

/// Writes values as YAML, as `kubectl get -o yaml` does: block style, two spaces, `---` between documents.
package enum YAMLText {
    /// A text that libyaml did not write: out of memory.
    struct Failure: Error {}

    /// Texts that a reader would take for something else are quoted.
    package static func text(of documents: [JSONValue]) throws -> String {
        var emitter = try YAMLEmitter()
        try emitter.emit { yaml_stream_start_event_initialize(&$0, YAML_UTF8_ENCODING) }
        for document in documents {
            try emitter.emit { yaml_document_start_event_initialize(&$0, nil, nil, nil, documents.count == 1 ? 1 : 0) }
            try emitter.write(document)
            try emitter.emit { yaml_document_end_event_initialize(&$0, 1) }
        }
        try emitter.emit { yaml_stream_end_event_initialize(&$0) }
        return emitter.text
    }
}

/// Owns a libyaml emitter and the bytes that it has written, and frees both.
private struct YAMLEmitter: ~Copyable {
    private final class Output {
        var bytes: [UInt8] = []
    }

    private let emitter: UnsafeMutablePointer<yaml_emitter_t>
    private let output = Output()

    var text: String { String(decoding: output.bytes, as: UTF8.self) }

    init() throws(YAMLText.Failure) {
        emitter = .allocate(capacity: 1)
        guard yaml_emitter_initialize(emitter) == 1 else {
            emitter.deallocate()
            throw YAMLText.Failure()
        }
        yaml_emitter_set_unicode(emitter, 1)
        yaml_emitter_set_width(emitter, -1)
        // `output` lives as long as the emitter.
        yaml_emitter_set_output(
            emitter,
            { output, bytes, count in
                guard let output, let bytes else { return 0 }
                Unmanaged<Output>.fromOpaque(output).takeUnretainedValue().bytes.append(
                    contentsOf: UnsafeBufferPointer(start: bytes, count: count))
                return 1
            }, Unmanaged.passUnretained(output).toOpaque())
    }

    deinit {
        yaml_emitter_delete(emitter)
        emitter.deallocate()
    }

    /// The emitter takes the event over.
    mutating func emit(_ make: (inout yaml_event_t) -> Int32) throws(YAMLText.Failure) {
        var event = yaml_event_t()
        guard make(&event) == 1, yaml_emitter_emit(emitter, &event) == 1 else { throw YAMLText.Failure() }
    }

    mutating func write(_ value: JSONValue) throws(YAMLText.Failure) {
        switch value {
        case .null: try write(plain: "null")
        case .bool(let value): try write(plain: "\(value)")
        case .number(let text): try write(plain: text)
        case .string(let text): try write(text: text)
        case .array(let values):
            let style = values.isEmpty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
            try emit { yaml_sequence_start_event_initialize(&$0, nil, nil, 1, style) }
            for value in values { try write(value) }
            try emit { yaml_sequence_end_event_initialize(&$0) }
        case .object(let members):
            let style = members.isEmpty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE
            try emit { yaml_mapping_start_event_initialize(&$0, nil, nil, 1, style) }
            for member in members {
                try write(text: member.name)
                try write(member.value)
            }
            try emit { yaml_mapping_end_event_initialize(&$0) }
        }
    }

    private mutating func write(plain text: String) throws(YAMLText.Failure) { try write(text, YAML_PLAIN_SCALAR_STYLE) }

    /// Plain where every reader takes it for text; old ones take `yes`, `0o7` and `1_000` for something else.
    private mutating func write(text: String) throws(YAMLText.Failure) {
        let isPlain: Bool =
            if case .text? = Optional(YAMLScalar(plain: text)), let first = text.utf8.first {
                !Self.words.contains(text.lowercased()) && !(0x30...0x39).contains(first) && !"+-.=<".utf8.contains(first)
            } else {
                false
            }
        let isLong = text.contains("\n")
        try write(
            text, isPlain ? YAML_ANY_SCALAR_STYLE : isLong ? YAML_LITERAL_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE)
    }

    /// What YAML 1.1 has for booleans.
    private static let words: Set = ["y", "n", "yes", "no", "on", "off"]

    private mutating func write(_ text: String, _ style: yaml_scalar_style_t) throws(YAMLText.Failure) {
        let bytes = Array(text.utf8)
        try emit { event in
            bytes.withUnsafeBufferPointer { bytes in
                // Of an empty array there may be no address.
                var nothing: UInt8 = 0
                return withUnsafePointer(to: &nothing) {
                    yaml_scalar_event_initialize(&event, nil, nil, bytes.baseAddress ?? $0, Int32(bytes.count), 1, 1, style)
                }
            }
        }
    }
}
