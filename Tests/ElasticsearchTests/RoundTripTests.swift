import Foundation
import Runtime
import Testing

@testable import Elasticsearch

/// Dump, load and compare on real servers.
@Suite(.requiresEngine, .serialized) struct RoundTripTests {
    @Test(arguments: TestEngine.faithful) func nastyDocumentsComeBackByteForByte(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        let source = try prepare(scratch, documents: nastyDocuments())
        let target = try copy(source, scratch: scratch)

        let before = try collect(client, source)
        let after = try collect(client, target)
        #expect(before.count == nastyDocuments().count)
        #expect(after == before)
        let sources = Set(before.map(\.source))
        for document in nastyDocuments() where engine != .defaultEngine {
            #expect(sources.contains(document.source), "\(String(decoding: document.source, as: UTF8.self)) was changed")
        }
        #expect(before.contains { $0.routing == Array("\"r /é\"".utf8) })
        #expect(target.mappings == source.mappings)
        #expect(target.numberOfShards == 5)
    }

    @Test(.enabled(if: TestEngine.available.contains(.defaultEngine), "set SHEAF_TEST_DEFAULT_ENGINE to run"))
    func theDefaultEngineKeepsEveryDocument() throws {
        let client = try TestEngine.defaultEngine.client()
        let scratch = ScratchIndex(client)
        let documents = (0..<2_500).map { number in
            CollectingSink.Document(
                id: Array("\"\(number)\"".utf8), routing: nil, source: Array(#"{"n":\#(number),"t":"é \" // {"}"#.utf8), sort: [])
        }
        let source = try prepare(scratch, documents: documents)
        let target = try copy(source, scratch: scratch)
        let before = try collect(client, source)
        #expect(before.count == 2_500)
        #expect(try collect(client, target) == before)
    }

    @Test(arguments: TestEngine.available) func anEmptyIndexComesBackEmpty(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        let source = try prepare(scratch, documents: [])
        let target = try copy(source, scratch: scratch)
        #expect(source.documents == 0 && target.documents == 0)
        #expect(target.mappings == source.mappings)
    }

    @Test(arguments: TestEngine.faithful) func aHugeDocumentIsHeldOnce(_ engine: TestEngine) throws {
        final class Measure: HitSink {
            var resident = 0
            var bytes = 0
            func take(
                id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer,
                sort: UnsafeRawBufferPointer
            ) {
                resident = max(resident, residentBytes())
                bytes += source.count
            }
        }
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        var definition = IndexDefinition(name: scratch.name, uuid: "", numberOfShards: 1)
        definition.mappings = ["dynamic": false]
        _ = try client.createIndex(scratch.name, definition: definition, loadAlias: scratch.name + "-load")
        let size = 90_000_000
        #expect(try putHuge(size, alias: scratch.name + "-load", client: client) == nil)
        let described = try #require(try client.catalog(IndexSelection(include: [scratch.name])).first)
        let sink = Measure()
        let before = residentBytes()
        try client.dump(described, into: sink)
        #expect(sink.bytes == size + 8)
        #expect(sink.resident - before < size + 48_000_000, "\(before) then \(sink.resident) bytes resident")
    }

    private func putHuge(_ size: Int, alias: String, client: ElasticsearchClient) throws -> BulkRejection? {
        var document = Array("{\"a\":\"".utf8)
        document += [UInt8](repeating: UInt8(ascii: "x"), count: size)
        document += Array("\"}".utf8)
        return try document.withUnsafeBytes {
            try client.putDocument(to: .alias(alias), id: Array("\"huge\"".utf8), routing: nil, source: $0)
        }
    }

    private func prepare(_ scratch: ScratchIndex, documents: [CollectingSink.Document]) throws -> IndexDefinition {
        let definition = IndexDefinition(
            name: scratch.name, uuid: "", numberOfShards: 5, settings: ["index.number_of_shards": "5"],
            mappings: [
                "dynamic": false,
                "properties": ["items": ["type": "nested", "properties": ["a": ["type": "keyword"]]], "k": ["type": "keyword"]],
            ])
        let alias = scratch.name + "-load"
        #expect(try scratch.client.createIndex(scratch.name, definition: definition, loadAlias: alias).outcome == .created)
        try load(documents, alias: alias, client: scratch.client)
        return try #require(try scratch.client.catalog(IndexSelection(include: [scratch.name])).first)
    }

    private func copy(_ source: IndexDefinition, scratch: ScratchIndex) throws -> IndexDefinition {
        let client = scratch.client
        let name = scratch.another()
        let alias = name + "-load"
        let creation = try client.createIndex(name, definition: source, loadAlias: alias)
        #expect(creation.outcome == .created)
        let sink = LineSink()
        try client.dump(source, pageSize: 1_000, into: sink)
        let verdict = try sink.lines.withUnsafeBytes {
            try BulkLoader(client: client, alias: alias, maximumBodyBytes: 100_000).load($0)
        }
        #expect(verdict.rejected.isEmpty)
        #expect(verdict.accepted + sink.others.count == source.documents)
        for document in sink.others {
            let rejection = try document.source.withUnsafeBytes {
                try client.putDocument(to: .alias(alias), id: document.id, routing: document.routing, source: $0)
            }
            #expect(rejection == nil)
        }
        try client.updateAliases([["remove": ["index": .string(name), "alias": .string(alias)]]])
        try client.updateSettings(name, source.finishingSettings)
        return try #require(try client.catalog(IndexSelection(include: [name])).first)
    }

    private func load(_ documents: [CollectingSink.Document], alias: String, client: ElasticsearchClient) throws {
        let sink = LineSink()
        for document in documents {
            document.id.withUnsafeBytes { id in
                document.source.withUnsafeBytes { source in
                    guard let routing = document.routing else { return sink.take(id: id, routing: nil, source: source, sort: id) }
                    routing.withUnsafeBytes { sink.take(id: id, routing: $0, source: source, sort: id) }
                }
            }
        }
        let verdict = try sink.lines.withUnsafeBytes { try BulkLoader(client: client, alias: alias).load($0) }
        #expect(verdict.rejected.isEmpty && verdict.accepted == documents.count - sink.others.count)
        for document in sink.others {
            let rejection = try document.source.withUnsafeBytes {
                try client.putDocument(to: .alias(alias), id: document.id, routing: document.routing, source: $0)
            }
            #expect(rejection == nil)
        }
    }

    /// All documents without their place, in the order of id and routing.
    private func collect(_ client: ElasticsearchClient, _ definition: IndexDefinition) throws -> [CollectingSink.Document] {
        let sink = CollectingSink()
        try client.dump(definition, pageSize: 700, into: sink)
        return sink.documents
            .map { CollectingSink.Document(id: $0.id, routing: $0.routing, source: $0.source, sort: []) }
            .sorted { ($0.id + ($0.routing ?? [])).lexicographicallyPrecedes($1.id + ($1.routing ?? [])) }
    }

    private func nastyDocuments() -> [CollectingSink.Document] {
        func document(_ id: String, _ source: String, routing: String? = nil) -> CollectingSink.Document {
            let quotedRouting = routing.map { JSONValue.string($0).serializedBytes() }
            return CollectingSink.Document(
                id: JSONValue.string(id).serializedBytes(), routing: quotedRouting, source: Array(source.utf8), sort: [])
        }
        var documents = [
            document("numbers", #"{"a": 1.50e0, "b":123456789012345678901234567890 ,"c":-0.0,"d":1e400}"#),
            document("escapes", #"{"z":"\u00e9\/\\\"","a":"é\ud800","":" "}"#.replacing(#","":" ""#, with: "")),
            document("lines", "{\n  \"a\" : [ 1,\r\n 2 ]\n}"), document("comment", "{/* \" } */\"a\":1}"),
            document("line comment", "{\"a\":1 // \" }\n}"), document("end", "{\"a\":1}\r"), document("bom", "\u{FEFF}{\"a\":1}"),
            document("spaces", "  {\"a\":1} "), document("routed", #"{"a":1}"#, routing: "r /é"),
            document("twice", #"{"a":1}"#, routing: "one"),
            document("nested", #"{"items":[{"a":"x"},{"a":"y"},{"a":"}"}]}"#), document("quote\" \\ slash/ ?&#+% é", "{}"),
            document("..", #"{"dots":1}"#), document(String(repeating: "i", count: 512), #"{"long":1}"#),
            document("..newline", "{\n}", routing: "r/.."),
            document("big", #"{"a":"\#(String(repeating: "é\\n", count: 100_000))"}"#),
        ]
        documents += (0..<3_000).map { document("n\($0)", #"{"k":"\#($0)","s":"\\\"{[/*"}"#) }
        return documents
    }
}

private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * 4096
}
