import Runtime

/// A document with a source that a careless tool would change, as bytes.
struct NastyDocument: Sendable {
    let id: String
    let routing: String?
    let source: [UInt8]

    init(_ id: String, _ source: String, routing: String? = nil) {
        self.id = id
        self.routing = routing
        self.source = Array(source.utf8)
    }

    /// For an index that does not index unknown fields and has `items` as nested objects.
    static let all: [NastyDocument] = [
        NastyDocument("numbers", #"{"a": 1.50e0, "b":123456789012345678901234567890 ,"c":-0.0,"d":1E400,"e":0.1000}"#),
        NastyDocument("escapes", #"{"a":"\u00e9\/\\\"","b":"é\ud83d\ude00","c":"\u0000\u2028"}"#),
        NastyDocument("order", #"{"z":1,"a":2,"m":{"y":1,"b":2},"A":3}"#),
        NastyDocument("lines", "{\n  \"a\" : [ 1,\r\n 2 ]\n}"),
        NastyDocument("comment", "{/* \" } */\"a\":1}"),
        NastyDocument("line comment", "{\"a\":1 // \" }\n}"),
        NastyDocument("spaces", "  {\"a\":1} \t"),
        NastyDocument("return", "{\"a\":1}\r"),
        NastyDocument("routed", #"{"a":1}"#, routing: "r /é"),
        NastyDocument("twice", #"{"which":"one"}"#, routing: "one"),
        NastyDocument("twice", #"{"which":"six"}"#, routing: "six"),
        NastyDocument("nested", #"{"items":[{"a":"x"},{"a":"y"},{"a":"}"}]}"#),
        NastyDocument("quote\" \\ slash/ ?&#+% é", "{}"),
        NastyDocument("..", #"{"dots":1}"#),
        NastyDocument("a\nb", "{\n}", routing: "r/.."),
        NastyDocument(String(repeating: "i", count: 512), #"{"long":1}"#),
        NastyDocument("big", #"{"a":"\#(String(repeating: "é\\n", count: 100_000))"}"#),
    ]
}

/// Many plain documents as bulk lines, numbered from 0 by `n`.
enum NumberedDocuments {
    /// - Parameter filling: bytes of text in each.
    static func lines(_ numbers: Range<Int>, filling: Int) -> [UInt8] {
        let text = Array(
            String(repeating: "The quick brown fox jumps over the lazy dog. ", count: filling / 45 + 1).utf8.prefix(filling))
        var lines: [UInt8] = []
        lines.reserveCapacity(numbers.count * (filling + 80))
        for number in numbers {
            lines += Array(#"{"index":{"_id":"d\#(number)"}}"#.utf8)
            lines.append(0x0A)
            lines += Array(#"{"n":\#(number),"text":""#.utf8)
            lines += text
            lines += Array("\"}\n".utf8)
        }
        return lines
    }

    /// The same with text that no compressor makes smaller than three quarters.
    static func incompressible(_ numbers: Range<Int>, filling: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 1)
        var lines: [UInt8] = []
        for number in numbers {
            lines += Array(#"{"index":{"_id":"d\#(number)"}}"#.utf8)
            lines += Array("\n{\"n\":\(number),\"text\":\"".utf8)
            for _ in 0..<(filling / 10) {
                var bits = generator.next()
                // Ten characters of six bits: "0" to "o", but for the backslash.
                for _ in 0..<10 {
                    let character = UInt8(0x30 + bits & 63)
                    lines.append(character == 0x5C ? 0x20 : character)
                    bits >>= 6
                }
            }
            lines += Array("\"}\n".utf8)
        }
        return lines
    }

    static let mappings: JSONValue = [
        "dynamic": false, "properties": ["n": ["type": "integer"], "text": ["type": "text", "index": false]],
    ]
}

extension Engine {
    /// Makes an index of numbered documents.
    func fill(_ index: String, documents: Int, filling: Int, shards: Int = 1) throws {
        try create(
            index,
            settings: ["number_of_shards": JSONValue(shards), "number_of_replicas": 0, "refresh_interval": "30s"],
            mappings: NumberedDocuments.mappings)
        let step = max(1, 4_000_000 / (filling + 80))
        for start in stride(from: 0, to: documents, by: step) {
            try bulk(index, NumberedDocuments.lines(start..<min(start + step, documents), filling: filling))
        }
        try refresh(index)
    }
}
