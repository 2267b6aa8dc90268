import Runtime
import Testing

@testable import Elasticsearch

struct HitSplitterTests {
    typealias Document = CollectingSink.Document

    @Test func takesEachHitWithItsRawBytes() throws {
        let page = #"""
            {"pit_id":"abc==","took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},
            "hits":{"max_score":null,"hits":[{"_index":"i","_id":"a\"\\","_score":null,"_source": {"a": 1.50e0}  ,"sort":[0]},
            {"_id":"b","_routing":"r","_ignored":["x"],"_source":{"hits":{"hits":[]},"s":"}],"},"sort":[9223372036854775807,"x"]} ]}}
            """#
        let sink = CollectingSink()
        let splitter = try split(Array(page.utf8), into: sink)
        let envelope = try splitter.finish()
        #expect(
            sink.documents == [
                document(#""a\"\\""#, nil, #" {"a": 1.50e0}  "#, "[0]"),
                document(#""b""#, #""r""#, #"{"hits":{"hits":[]},"s":"}],"}"#, #"[9223372036854775807,"x"]"#),
            ])
        #expect(envelope["pit_id"] == "abc==")
        #expect(envelope[path: ["_shards", "total"]]?.int == 1)
        #expect(envelope["hits"] == ["max_score": nil])
        #expect(splitter.documents == 2 && splitter.bytes == page.utf8.count)
        #expect(splitter.lastSort == Array(#"[9223372036854775807,"x"]"#.utf8))
    }

    @Test(arguments: [
        "\u{FEFF}{\"a\":1}", "{\n\"a\" : [1,\r\n2]\n}", "{/* } \" */\"a\":1}", "{\"a\":1 // } \"\n}", "{ \"a\":\"/*\"}", "{}",
        " {} ",
        "{\"a\":\"\\\\\"}", "{\"a\":\"\\\"}\"}", "{\"a\":{\"b\":[[[{}]]]}}", "/**/{\"a\":\"//\"}/***/", "{\"a\":\"x\"/* * **/}",
    ]) func keepsTheSource(_ source: String) throws {
        let page = Array(page(of: [#"{"_id":"1","_source":\#(source),"sort":[1]}"#]).utf8)
        for chunk in 1...page.count {
            let sink = CollectingSink()
            _ = try split(page, chunk: chunk, into: sink).finish()
            #expect(sink.documents.map(\.source) == [Array(source.utf8)], "chunk \(chunk)")
        }
    }

    @Test func randomDocumentsComeOutUnchanged() throws {
        let seed: UInt64 = 20_261_123
        var random = SeededGenerator(seed: seed)
        for round in 0..<300 {
            let documents = (0..<5).map { self.document("\"\(round)-\($0)\"", nil, randomSource(&random), "[\($0)]") }
            let page = self.page(of: documents)
            for chunk in [Int.max, 1, 63, 64, 65, Int.random(in: 2...page.count, using: &random)] {
                let sink = CollectingSink()
                _ = try split(page, chunk: chunk, into: sink).finish()
                #expect(sink.documents == documents, "seed \(seed), round \(round), chunk \(chunk)")
            }
        }
    }

    @Test func everyChunkSizeGivesTheSame() throws {
        var random = SeededGenerator(seed: 7)
        let documents = (0..<12).map { document("\"\($0)\"", $0 % 2 == 0 ? "\"r\"" : nil, randomSource(&random), "[\($0)]") }
        let page = page(of: documents)
        for chunk in 1...page.count {
            let sink = CollectingSink()
            let splitter = try split(page, chunk: chunk, into: sink)
            #expect(try splitter.finish()["pit_id"] == "p")
            #expect(sink.documents == documents, "chunk \(chunk)")
        }
    }

    @Test func everyPrefixIsRefused() throws {
        var random = SeededGenerator(seed: 8)
        let documents = (0..<3).map { document("\"\($0)\"", nil, randomSource(&random), "[\($0)]") }
        let page = page(of: documents)
        for length in 0..<page.count {
            #expect(throws: SplitError.self, "prefix of \(length)") {
                _ = try split(Array(page.prefix(length)), into: CollectingSink()).finish()
            }
        }
    }

    @Test func invalidUTF8PassesThrough() throws {
        let source: [UInt8] = Array("{\"a\":\"".utf8) + [0xFF, 0xC3, 0x28, 0x80] + Array("\"}".utf8)
        let sink = CollectingSink()
        let expected = Document(id: Array("\"x\"".utf8), routing: nil, source: source, sort: Array("[1]".utf8))
        _ = try split(page(of: [expected]), into: sink).finish()
        #expect(sink.documents == [expected])
    }

    @Test(arguments: [
        "", "{}{", "[]", "{\"hits\":[]}", "{\"hits\":{\"hits\":{}}}", "{\"hits\":{\"hits\":[1]}}", "<html>",
        #"{"hits":{"hits":[{"_source":{},"sort":[1]}]}}"#, #"{"hits":{"hits":[{"_id":1,"_source":{},"sort":[1]}]}}"#,
        #"{"hits":{"hits":[{"_id":"1","_source":{}}]}}"#, #"{"hits":{"hits":[]}} x"#, #"{"hits":{"hits":[{},]}}"#, #"{"":1"#,
    ]) func refusesWhatIsNoSearchResponse(_ text: String) throws {
        for chunk in [1, Int.max] {
            #expect(throws: SplitError.self) { _ = try split(Array(text.utf8), chunk: chunk, into: CollectingSink()).finish() }
        }
    }

    @Test func namesTheDocumentWithoutSource() throws {
        let page = Array(page(of: [#"{"_id":"gone","sort":[1]}"#]).utf8)
        do {
            _ = try split(page, into: CollectingSink())
            Issue.record("accepted")
        } catch let error as SplitError {
            #expect(error.kind == .sourceMissing && error.message.contains("gone"))
        }
    }

    @Test func limitsTheHitAndTheRest() throws {
        var splitter = HitSplitter(sink: CollectingSink(), maximumHitBytes: 100)
        let long = Array(page(of: [#"{"_id":"1","_source":{"a":"\#(String(repeating: "x", count: 200))"#]).utf8)
        #expect(throws: SplitError.self) { try long.withUnsafeBytes { try splitter.feed($0) } }
        let endless = Array("{\"a\":\"".utf8) + [UInt8](repeating: 0x78, count: 5 << 20)
        #expect(throws: SplitError.self) { _ = try split(endless, into: CollectingSink()) }
    }

    private func document(_ id: String, _ routing: String?, _ source: String, _ sort: String) -> Document {
        Document(id: Array(id.utf8), routing: routing.map { Array($0.utf8) }, source: Array(source.utf8), sort: Array(sort.utf8))
    }

    private func page(of hits: [String]) -> String {
        #"{"pit_id":"p","timed_out":false,"_shards":{"total":1},"hits":{"max_score":null,"hits":["#
            + hits.joined(separator: ",") + "]},\"last\":true}"
    }

    private func page(of documents: [Document]) -> [UInt8] {
        let placeholder = Array(page(of: ["@"]).utf8)
        let place = placeholder.firstIndex(of: UInt8(ascii: "@")) ?? 0
        var page = Array(placeholder[..<place])
        for (number, document) in documents.enumerated() {
            if number > 0 { page.append(UInt8(ascii: ",")) }
            page += Array("{\"_id\":".utf8) + document.id
            if let routing = document.routing { page += Array(",\"_routing\":".utf8) + routing }
            page += Array(",\"_source\":".utf8) + document.source + Array(",\"sort\":".utf8) + document.sort + Array("}".utf8)
        }
        return page + placeholder[(place + 1)...]
    }

    /// An object whose strings are made of what confuses scanners, with comments between its tokens.
    private func randomSource(_ random: inout SeededGenerator) -> String {
        let pieces = [
            "\\\\", "\\\"", "{", "}", "[", "]", "/", "//", "/*", "*/", ",", ":", "a", "\\n", "é", "  ", "\\\\\\\\", "hits",
        ]
        let gaps = ["", "", "", " ", "\n", "/* } \" */", "// ] \"\n", "/***/", "\t"]
        func string(_ random: inout SeededGenerator) -> String {
            let count = Int.random(in: 0...40, using: &random)
            return "\"" + (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined() + "\""
        }
        func value(_ depth: Int, _ random: inout SeededGenerator) -> String {
            let gap = gaps.randomElement(using: &random) ?? ""
            switch Int.random(in: 0..<(depth > 3 ? 2 : 5), using: &random) {
            case 0: return gap + "-0.0" + gap
            case 1: return gap + string(&random) + gap
            case 2:
                return "["
                    + (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth + 1, &random) }.joined(separator: ",")
                    + "]"
            default: return object(depth + 1, &random)
            }
        }
        func object(_ depth: Int, _ random: inout SeededGenerator) -> String {
            let members = (0..<Int.random(in: 0...4, using: &random)).map { _ in string(&random) + ":" + value(depth, &random) }
            return "{" + members.joined(separator: ",") + "}"
        }
        return object(0, &random)
    }
}
