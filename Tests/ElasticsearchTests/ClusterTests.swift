import Foundation
import Runtime
import Testing

@testable import Elasticsearch

/// Everything around the documents, on real servers.
@Suite(.requiresEngine) struct ClusterTests {
    @Test(arguments: TestEngine.available) func identifiesTheServer(_ engine: TestEngine) throws {
        let identity = try engine.client().identity()
        #expect(!identity.uuid.isEmpty && !identity.name.isEmpty)
        #expect(identity.version.first?.isNumber == true)
        #expect(identity.distribution == (engine == .opensearch ? .opensearch : .elasticsearch))
    }

    @Test(arguments: TestEngine.available) func describesAnIndexSoThatItCanBeMadeAgain(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        let source = IndexDefinition(
            name: scratch.name, uuid: "", numberOfShards: 3,
            settings: [
                "index.number_of_shards": "3", "index.analysis.analyzer.mine.type": "custom",
                "index.analysis.analyzer.mine.tokenizer": "standard", "index.max_result_window": "500",
            ],
            mappings: ["properties": ["t": ["type": "text", "analyzer": "mine"]]])
        _ = try client.createIndex(scratch.name, definition: source, loadAlias: nil)
        try client.updateAliases([
            ["add": ["index": .string(scratch.name), "alias": .string(scratch.name + "-a"), "filter": ["term": ["t": "x"]]]]
        ])
        let found = try #require(try client.catalog(IndexSelection(include: [scratch.name + "*"])).first)
        #expect(found.numberOfShards == 3 && found.isOpen && !found.uuid.isEmpty && found.documents == 0)
        #expect(found.maxResultWindow == 500)
        #expect(found.settings["index.analysis.analyzer.mine.tokenizer"] == "standard")
        #expect(found.settings["index.uuid"] == nil && found.strippedSettings.contains("index.uuid"))
        #expect(found.settings["index.number_of_routing_shards"] != nil)
        #expect(found.aliases.members?.map(\.name) == [scratch.name + "-a"])
        #expect(found.aliases[scratch.name + "-a"]?["filter"] == ["term": ["t": "x"]] || engine == .defaultEngine)
        #expect(IndexDefinition(json: found.json) == found)

        let other = scratch.another()
        let made = try client.createIndex(other, definition: found, loadAlias: other + "-load")
        #expect(made.outcome == .created)
        let again = try #require(try client.catalog(IndexSelection(include: [other])).first)
        #expect(again.mappings == found.mappings)
        #expect(again.settings["index.number_of_routing_shards"] == found.settings["index.number_of_routing_shards"])
        #expect(try client.indexNames(holdingAlias: other + "-load") == [other])
        #expect(try client.indexNames(holdingAlias: other + "-nobody").isEmpty)
        #expect(try client.createIndex(other, definition: found, loadAlias: other + "-load").outcome == .alreadyExists)
        #expect(try client.aliases(of: other)[other + "-load"] != nil)
        #expect(try client.indexExists(other))
        try client.deleteIndex(other)
        try client.deleteIndex(other)
        #expect(try !client.indexExists(other))
    }

    @Test(arguments: TestEngine.faithful) func leavesOutSettingsThatTheServerRefuses(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        let definition = IndexDefinition(
            name: scratch.name, uuid: "", numberOfShards: 1,
            settings: [
                "index.number_of_shards": "1", "index.made.up": "1", "index.other.thing": "x", "index.creation_date": "1",
                "index.codec": "nonsense", "index.max_ngram_diff": "5",
            ])
        let creation = try client.createIndex(scratch.name, definition: definition, loadAlias: nil)
        #expect(creation.outcome == .created)
        #expect(
            creation.strippedSettings.sorted() == ["index.codec", "index.creation_date", "index.made.up", "index.other.thing"])
        let found = try #require(try client.catalog(IndexSelection(include: [scratch.name])).first)
        #expect(found.settings["index.max_ngram_diff"] == "5")
    }

    @Test(arguments: TestEngine.faithful) func refusesToDropAnAnalyzer(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        let definition = IndexDefinition(
            name: scratch.name, uuid: "", numberOfShards: 1, settings: ["index.analysis.analyzer.mine.type": "no_such_plugin"])
        expectFailure(.badRequest) { _ = try client.createIndex(scratch.name, definition: definition, loadAlias: nil) }
        #expect(try !client.indexExists(scratch.name))
    }

    @Test(arguments: TestEngine.faithful) func blocksAreSetLastAndLiftedFirst(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        _ = try client.createIndex(scratch.name, definition: small(scratch.name), loadAlias: nil)
        try client.updateSettings(
            scratch.name, ["index.blocks.read_only": "true", "index.refresh_interval": nil, "index.number_of_replicas": "0"])
        var found = try #require(try client.catalog(IndexSelection(include: [scratch.name])).first)
        #expect(found.settings["index.blocks.read_only"] == "true" && found.settings["index.refresh_interval"] == nil)
        #expect(found.finishingSettings["index.blocks.read_only"] == "true")
        try client.updateSettings(scratch.name, ["index.refresh_interval": "7s", "index.blocks.read_only": nil])
        found = try #require(try client.catalog(IndexSelection(include: [scratch.name])).first)
        #expect(found.settings["index.blocks.read_only"] == nil && found.settings["index.refresh_interval"] == "7s")
    }

    @Test(arguments: TestEngine.available) func journalDocumentsAreWrittenOnce(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        #expect(try client.getDocuments(index: scratch.name, ids: ["a"]).isEmpty)
        try client.ensureJournalIndex(scratch.name)
        try client.ensureJournalIndex(scratch.name)
        let body = Array(#"{"nonce":"1","n":{"a":[1,"x"]},"big":12345678901234567890}"#.utf8)
        #expect(try client.createDocument(index: scratch.name, id: "a/b", body: body) == .created)
        let other = Array(#"{"nonce":"2"}"#.utf8)
        guard case .existing(let existing) = try client.createDocument(index: scratch.name, id: "a/b", body: other) else {
            Issue.record("written twice")
            return
        }
        #expect(try JSONValue(parsing: existing)["nonce"] == "1")
        let found = try client.getDocuments(index: scratch.name, ids: ["a/b", "missing"])
        #expect(found.count == 1 && found["a/b"] == existing)
        if engine != .defaultEngine { #expect(existing == body) }
    }

    @Test(arguments: TestEngine.available) func aClosedPointInTimeIsGone(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        _ = try client.createIndex(scratch.name, definition: small(scratch.name), loadAlias: nil)
        let view = try client.openPointInTime(index: scratch.name, shard: nil, keepAlive: .seconds(60))
        #expect(view.total == 0)
        try client.closePointInTime(view)
        try client.closePointInTime(view)
        expectFailure(.pointInTimeGone) { _ = try client.readPage(view, after: nil, size: 10, into: CollectingSink()) }
    }

    @Test(arguments: TestEngine.available) func aMissingIndexIsNamed(_ engine: TestEngine) throws {
        let client = try engine.client()
        expectFailure(.indexNotFound) { _ = try client.openPointInTime(index: "t-none", shard: nil, keepAlive: .seconds(60)) }
        expectFailure(.indexNotFound) { _ = try client.count("t-none") }
        #expect(try client.catalog(IndexSelection(include: ["t-none"])).isEmpty)
    }

    @Test(arguments: TestEngine.available) func aLoadWithoutItsAliasIsFenced(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        let alias = scratch.name + "-load"
        _ = try client.createIndex(scratch.name, definition: small(scratch.name), loadAlias: alias)
        let lines = Array("{\"index\":{\"_id\":\"1\"}}\n{}\n{\"create\":{\"_id\":\"2\",\"routing\":\"r\"}}\n{}\n".utf8)
        let loader = BulkLoader(client: client, alias: alias)
        #expect(try lines.withUnsafeBytes { try loader.load($0) }.accepted == 2)
        try client.updateAliases([["remove": ["index": .string(scratch.name), "alias": .string(alias)]]])
        for loader in [loader, BulkLoader(client: client, alias: alias)] {
            let verdict = try lines.withUnsafeBytes { try loader.load($0) }
            #expect(verdict.accepted == 0 && verdict.rejected.count == 2)
            #expect(verdict.rejected.allSatisfy { $0.isFenced })
        }
        let put = try lines[22..<24].withUnsafeBytes {
            try client.putDocument(to: .alias(alias), id: Array("\"3\"".utf8), routing: nil, source: $0)
        }
        #expect(put?.isFenced == true)
        #expect(try !client.indexExists(alias))
    }

    @Test(arguments: TestEngine.available) func tellsWhetherShardsCanBeReadApart(_ engine: TestEngine) throws {
        let client = try engine.client()
        let scratch = ScratchIndex(client)
        var definition = small(scratch.name)
        definition.settings["index.number_of_shards"] = "3"
        _ = try client.createIndex(scratch.name, definition: definition, loadAlias: scratch.name + "-load")
        let lines = (0..<50).map { "{\"index\":{\"_id\":\"\($0)\"}}\n{}\n" }.joined()
        _ = try Array(lines.utf8).withUnsafeBytes { try BulkLoader(client: client, alias: scratch.name + "-load").load($0) }
        try client.refresh(scratch.name)
        #expect(try client.honoursShardPreference(scratch.name, shards: 3, total: 50) == (engine != .defaultEngine))
    }

    private func small(_ name: String) -> IndexDefinition {
        IndexDefinition(name: name, uuid: "", numberOfShards: 1, settings: ["index.number_of_shards": "1"])
    }
}
