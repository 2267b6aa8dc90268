import Foundation
import Runtime
import Testing

@testable import Elasticsearch

/// The real servers of the integration tests, each given by the URL in its environment variable.
enum TestEngine: String, CaseIterable, Sendable {
    case elasticsearch = "SHEAF_TEST_ELASTICSEARCH"
    case opensearch = "SHEAF_TEST_OPENSEARCH"
    case defaultEngine = "SHEAF_TEST_DEFAULT_ENGINE"

    static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"

    /// Those that are given; in CI all of them, so that a missing one fails.
    static var available: [TestEngine] { allCases.filter { isCI || $0.url != nil } }

    /// Those that keep routing, numbers and shards apart.
    static var faithful: [TestEngine] { available.filter { $0 != .defaultEngine } }

    var url: String? { ProcessInfo.processInfo.environment[rawValue] }

    func client() throws -> ElasticsearchClient {
        let url = try #require(url, "set \(rawValue) to the URL of a running server")
        return try ElasticsearchClient(configuration: ClusterConfiguration(url: url))
    }
}

extension Trait where Self == ConditionTrait {
    static var requiresEngine: Self {
        .enabled(
            if: !TestEngine.available.isEmpty,
            "set SHEAF_TEST_ELASTICSEARCH, SHEAF_TEST_OPENSEARCH or SHEAF_TEST_DEFAULT_ENGINE to a URL to run")
    }
}

/// A random index name; the index and what is named after it go with the value.
final class ScratchIndex {
    let name = "t-" + UUID().uuidString.lowercased()
    let client: ElasticsearchClient
    var others: [String] = []

    init(_ client: ElasticsearchClient) { self.client = client }

    deinit {
        // Best effort: a test that failed because the server is gone cannot clean up either.
        for name in [name] + others {
            try? client.updateSettings(name, ["index.blocks.read_only": nil])
            try? client.deleteIndex(name)
        }
    }

    func another() -> String {
        let other = name + "-\(others.count)"
        others.append(other)
        return other
    }
}

extension ElasticsearchClient {
    /// Reads an index shard by shard, or as a whole where shards cannot be told apart.
    func dump(_ definition: IndexDefinition, pageSize: Int? = nil, into sink: any HitSink) throws {
        let isSharded = try honoursShardPreference(
            definition.name, shards: definition.numberOfShards, total: definition.documents)
        for shard in 0..<(isSharded ? definition.numberOfShards : 1) {
            var view = try openPointInTime(index: definition.name, shard: isSharded ? shard : nil, keepAlive: .seconds(60))
            var sizer = PageSizer(maximum: pageSize ?? definition.maxResultWindow)
            var after: String?
            var documents = 0
            while true {
                let page = try readPage(view, after: after, sizer: &sizer, into: sink)
                view.id = page.viewID
                documents += page.documents
                guard let last = page.lastSort else { break }
                after = last
            }
            #expect(documents == view.total)
            try closePointInTime(view)
        }
    }
}

/// Turns documents into bulk lines, and keeps apart those that lines cannot carry.
final class LineSink: HitSink {
    var lines: [UInt8] = []
    var others: [CollectingSink.Document] = []

    func take(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, sort: UnsafeRawBufferPointer
    ) {
        if BulkLine.canCarry(source: source) {
            BulkLine.append(id: id, routing: routing, source: source, to: &lines)
        } else {
            others.append(
                CollectingSink.Document(
                    id: Array(id), routing: routing.map { Array($0) }, source: Array(source), sort: Array(sort)))
        }
    }
}
