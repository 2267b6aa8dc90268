import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

private let openSearch = ProcessInfo.processInfo.environment["SHEAF_TEST_OPENSEARCH"]

/// Data streams made anew on a real OpenSearch, generation after generation.
@Suite(
    .enabled(
        if: openSearch != nil || ProcessInfo.processInfo.environment["CI"] == "true", "set SHEAF_TEST_OPENSEARCH to a URL to run")
)
struct StreamRestorerTests {
    private let client: ElasticsearchClient
    private let name = "objects-" + UUID().uuidString.lowercased()
    private let session = Samples.makeID(String(UUID().uuidString.lowercased().prefix(8)))

    init() throws {
        client = try ElasticsearchClient(configuration: ClusterConfiguration(url: try #require(openSearch)))
    }

    private var restorer: StreamRestorer { StreamRestorer(client: client, session: session) }

    /// Documents of each generation; the same ids in all.
    private func plan(_ documents: [Int], action: PlannedObject.Action = .create) -> PlanEntry {
        var plan = Samples.plan(slices: [])
        plan.indices = documents.enumerated().map { ordinal, count in
            let field = #"{"properties":{"@timestamp":{"type":"date"},"f\#(ordinal)":{"type":"keyword"}}}"#
            var index = PlannedIndex(
                name: ".ds-old-\(ordinal)", targetName: name, uuid: "u", shards: 1, documents: count,
                definition:
                    #"{"name":"i","uuid":"u","numberOfShards":\#(ordinal + 1),"settings":{"index.number_of_shards":"\#(ordinal + 1)","index.hidden":"true","index.refresh_interval":"9s"},"mappings":\#(field),"aliases":{},"documents":\#(count),"dataStream":"old"}"#
            )
            index.stream = StreamGeneration(name: name, ordinal: ordinal)
            return index
        }
        plan.plannedObjects = [PlannedObject(kind: .dataStreams, name: "old", targetName: name, action: action)]
        return plan
    }

    private func load(_ position: Int, documents: Int, first: Int = 0) throws -> BulkVerdict {
        var lines = ""
        for id in first..<(first + documents) {
            lines += "{\"index\":{\"_id\":\"\(id)\"}}\n{ \"@timestamp\":\"2025-01-01T00:00:00Z\",\"n\":1.50e0 }\n"
        }
        return try Array(lines.utf8).withUnsafeBytes {
            try BulkLoader(client: client, alias: name, fencePipeline: restorer.fence(position)).load($0)
        }
    }

    private func generations() throws -> [String] { try client.dataStream(name)?.indices.map(\.name) ?? [] }

    private func withTemplate(_ body: () throws -> Void) throws {
        let template = #"{"index_patterns":["\#(name)"],"data_stream":{},"priority":1}"#
        _ = try client.put(ClusterObject(kind: .indexTemplates, name: name, body: template))
        let outcome = Result { try body() }
        try client.deleteDataStream(name)
        for position in 0..<4 {
            try client.deletePipeline(restorer.fence(position))
            try client.deleteIndexTemplate(restorer.fence(position))
        }
        try client.deleteIndexTemplate(name)
        try outcome.get()
    }

    @Test func generationsComeBackWithTheirSettingsMappingsAndDocuments() throws {
        try withTemplate {
            // The third generation is empty: no unit rolls over to it.
            let plan = plan([3, 5, 0])
            try restorer.prepare(plan) {}
            try restorer.prepare(plan) {}
            try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 0), of: plan)
            #expect(try load(0, documents: 3).accepted == 3)
            // Sent again, as after a lost reply: what is there is taken for accepted.
            #expect(try load(0, documents: 3).accepted == 3)
            for _ in 0..<3 { try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 1), of: plan) }
            #expect(try generations().count == 2)
            #expect(try load(1, documents: 5).accepted == 5)
            #expect(try restorer.settle(plan).isEmpty)
            #expect(try restorer.settle(plan).isEmpty)
            let names = try generations()
            #expect(names.count == 3)
            for (ordinal, backing) in names.enumerated() {
                let made = try #require(try client.currentDefinition(of: backing))
                #expect(made.numberOfShards == ordinal + 1)
                #expect(made.settings["index.refresh_interval"] == "9s")
                #expect(made.settings["index.number_of_replicas"] == "1")
                #expect(made.mappings[path: ["properties", "f\(ordinal)"]] != nil)
                #expect(try client.mappingMeta(of: backing) == [:])
                #expect(try client.count(backing) == [3, 5, 0][ordinal])
            }
            let templates = try client.objects(of: [.indexTemplates, .ingestPipelines], includesSystem: true).objects.map(\.name)
            #expect(!templates.contains { $0.contains(session.text) })
        }
    }

    @Test func aLateWriterIsFencedFromTheNextGenerationAndFromAStreamThatIsGone() throws {
        try withTemplate {
            let plan = plan([1, 1])
            try restorer.prepare(plan) {}
            #expect(try load(0, documents: 1).accepted == 1)
            try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 1), of: plan)
            #expect(try load(0, documents: 1, first: 7).rejected.first?.isFenced == true)
            try restorer.drop(plan)
            try restorer.drop(plan)
            #expect(try client.dataStream(name) == nil)
            #expect(try load(1, documents: 1).rejected.first?.isFenced == true)
            #expect(try client.dataStream(name) == nil)
            #expect(throws: WorkerError.self) { try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 1), of: plan) }
        }
    }

    @Test func aGenerationThatIsNotWholeIsNotLeftBehind() throws {
        try withTemplate {
            let plan = plan([2, 1])
            try restorer.prepare(plan) {}
            _ = try load(0, documents: 1)
            let error = #expect(throws: WorkerError.self) {
                try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 1), of: plan)
            }
            #expect(error?.message.contains("holds fewer than the 2 documents") == true)
            #expect(try generations().count == 1)
        }
    }

    @Test func countsDecideWhenAStreamIsSettled() throws {
        try withTemplate {
            let plan = plan([2])
            try restorer.prepare(plan) {}
            _ = try load(0, documents: 3)
            let error = #expect(throws: WorkerError.self) { try restorer.settle(plan) }
            #expect(error?.message.contains("has 3 documents after the restore") == true)
        }
    }

    @Test func aStreamOfSomebodyElseIsNeitherUsedNorDropped() throws {
        try withTemplate {
            #expect(try client.createDataStream(name))
            let error = #expect(throws: WorkerError.self) { try restorer.prepare(plan([1])) {} }
            #expect(error?.message.contains("made by somebody else") == true)
            try restorer.drop(plan([1]))
            #expect(try generations().count == 1)
            // Unless the plan is to overwrite it.
            try restorer.prepare(plan([1], action: .overwrite)) {}
            #expect(try load(0, documents: 1).accepted == 1)
            #expect(try restorer.settle(plan([1], action: .overwrite)).isEmpty)
        }
    }

    private func isOver() throws { throw WorkerError(.sessionEnded, "over") }

    @Test func nothingIsMadeForASessionThatIsOver() throws {
        try withTemplate {
            let error = #expect(throws: WorkerError.self) { try restorer.prepare(plan([1]), checkEnded: isOver) }
            #expect(error?.code == .sessionEnded)
            let made = try generations()
            #expect(made.isEmpty)
        }
    }
}
