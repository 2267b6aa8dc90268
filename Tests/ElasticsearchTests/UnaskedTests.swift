import Runtime
import Testing

@testable import Elasticsearch

/// What index templates of a target add to an index is told from what was asked for, and from what every server adds.
@Suite struct UnaskedTests {
    private static let asked = IndexDefinition(
        name: "a", uuid: "u", numberOfShards: 2,
        settings: ["index.number_of_shards": "2", "index.codec": "default", "index.final_pipeline": "own"],
        mappings: [
            "dynamic": "false", "dynamic_templates": [["one": ["mapping": ["type": "keyword"]]]],
            "properties": ["n": ["type": "long"], "v": ["type": "dense_vector", "dims": 3]],
        ])

    private func unasked(_ change: (inout IndexDefinition) -> Void) -> [String] {
        var made = Self.asked
        // Given back at the end, so not there yet.
        made.settings["index.final_pipeline"] = nil
        made.settings["index.refresh_interval"] = "-1"
        made.settings["index.number_of_replicas"] = "0"
        made.settings["index.replication.type"] = "DOCUMENT"
        made.mappings[path: ["properties", "v", "similarity"]] = "cosine"
        made.aliases = ["load": [:]]
        change(&made)
        return Self.asked.unasked(in: made, loadAlias: "load")
    }

    @Test func whatServersAddByThemselvesIsNothing() { #expect(unasked { _ in }.isEmpty) }

    @Test func everyAdditionIsNamed() {
        let found = unasked {
            $0.settings["index.final_pipeline"] = "theirs"
            $0.settings["index.blocks.write"] = "true"
            $0.mappings["_source"] = ["enabled": false]
            $0.mappings["dynamic_templates"] = [["two": [:]], ["one": ["mapping": ["type": "keyword"]]]]
            $0.mappings[path: ["properties", "n", "index"]] = false
            $0.mappings[path: ["properties", "m"]] = ["type": "long"]
            $0.aliases["all"] = [:]
        }
        let expected: Set = [
            "setting index.blocks.write", "setting index.final_pipeline", "mapping dynamic_templates",
            "mapping properties.n.index",
            "mapping properties.m", "mapping _source", "alias all",
        ]
        #expect(Set(found) == expected && found.count == expected.count, "\(found)")
    }
}
