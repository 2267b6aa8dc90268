import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

private let openSearch = ProcessInfo.processInfo.environment["SHEAF_TEST_OPENSEARCH"]

/// What a real OpenSearch says of names that a data stream cannot have any more.
@Suite(
    .enabled(
        if: openSearch != nil || ProcessInfo.processInfo.environment["CI"] == "true", "set SHEAF_TEST_OPENSEARCH to a URL to run")
)
struct StreamNameTests {
    @Test(arguments: ConflictPolicy.allCases)
    func noStreamTakesTheNameOfAnIndexOrAnAlias(_ conflict: ConflictPolicy) throws {
        let client = try ElasticsearchClient(configuration: ClusterConfiguration(url: try #require(openSearch)))
        let index = "fixc-" + UUID().uuidString.lowercased()
        let alias = "\(index)-alias"
        let definition = try #require(
            IndexDefinition(
                json: [
                    "name": .string(index), "uuid": "u", "numberOfShards": 1, "settings": [:], "mappings": [:], "aliases": [:],
                    "documents": 0,
                ]))
        _ = try client.createIndex(index, definition: definition, loadAlias: alias)
        let outcome = Result {
            for name in [index, alias, "\(index)-free"] {
                var indices = [
                    PlannedIndex(name: ".ds-old-1", targetName: "x", uuid: "u", shards: 1, documents: 1, definition: "{}")
                ]
                var slices: [Slice] = []
                let stream = try DataStream(
                    ClusterObject(kind: .dataStreams, name: "old", body: #"{"indices":[{"name":".ds-old-1","uuid":"u"}]}"#))
                let placement = try StreamPlanner(
                    client: client, streams: [stream], rename: { _ in name }, conflict: conflict, isLeftOut: { _ in false }
                ).place(&indices, &slices)
                let problem = "\(name) is there already, and no data stream; delete it or rename the data stream"
                #expect(placement.problems == (name == "\(index)-free" ? [] : [problem]))
            }
        }
        try client.deleteIndex(index)
        try outcome.get()
    }
}
