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
            lines += "{\"create\":{\"_id\":\"\(id)\"}}\n{ \"@timestamp\":\"2025-01-01T00:00:00Z\",\"n\":1.50e0 }\n"
        }
        return try Array(lines.utf8).withUnsafeBytes {
            try BulkLoader(
                client: client, destination: .dataStream(name, fencePipeline: restorer.fence(position)),
                gate: BulkGate(bodyBytes: 1 << 20)
            ).load($0)
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

    private func putTemplate(_ name: String, _ body: String) throws {
        _ = try client.put(ClusterObject(kind: .indexTemplates, name: name, body: body))
    }

    /// Of templates and pipelines.
    private func ownNames(_ session: SessionID) throws -> [String] {
        try client.objects(of: [.indexTemplates, .ingestPipelines], includesSystem: true).objects.map(\.name)
            .filter { StreamRestorer.session(ofFence: $0) == session }
    }

    @Test func generationsComeBackWithTheirSettingsMappingsAndDocuments() throws {
        try withTemplate {
            // The third generation is empty: no unit rolls over to it.
            let plan = plan([3, 5, 0])
            try restorer.prepare(plan) {}
            try restorer.prepare(plan) {}
            try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 0), of: plan)
            #expect(try load(0, documents: 3).accepted == 3)
            // Sent again, as after a lost reply.
            #expect(try load(0, documents: 3).alreadyThere == 3)
            for _ in 0..<3 { try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 1), of: plan) }
            #expect(try generations().count == 2)
            #expect(try load(1, documents: 5).accepted == 5)
            #expect(try restorer.settle(plan, expected: plan.indices.map(\.documents)).isEmpty)
            #expect(try restorer.settle(plan, expected: plan.indices.map(\.documents)).isEmpty)
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
            #expect(try ownNames(session).isEmpty)
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

    /// A stream that somebody else wrote to works like any other afterwards: it is rolled over by people's template, and can be restored again.
    @Test func wrongCountsFailButLeaveNothingOfTheSessionBehind() throws {
        try withTemplate {
            let plan = plan([1, 2])
            try restorer.prepare(plan) {}
            _ = try load(0, documents: 1)
            try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 1), of: plan)
            _ = try load(1, documents: 3)
            for _ in 0..<2 {
                let error = #expect(throws: WorkerError.self) {
                    try restorer.settle(plan, expected: plan.indices.map(\.documents))
                }
                #expect(error?.message.contains("has 3 documents after the restore") == true)
                #expect(error?.message.contains("data stream \(name) stays as it is") == true)
            }
            #expect(try ownNames(session).isEmpty)
            for backing in try generations() {
                #expect(try client.mappingMeta(of: backing) == [:])
                #expect(try client.currentDefinition(of: backing)?.settings["index.refresh_interval"] == "9s")
            }
            #expect(try client.rollOver(name, whenHolding: nil))
            let made = try #require(try generations().last)
            #expect(try client.mappingMeta(of: made) == [:])
            #expect(try client.currentDefinition(of: made)?.settings["index.refresh_interval"] == nil)

            let second = StreamRestorer(client: client, session: Samples.makeID("again-\(session)"))
            let again = self.plan([0], action: .overwrite)
            try second.prepare(again) {}
            #expect(try second.settle(again, expected: [0]).isEmpty)
        }
    }

    @Test func aStreamThatSomethingElseRolledOverIsLeftAtRest() throws {
        try withTemplate {
            let plan = plan([1])
            try restorer.prepare(plan) {}
            _ = try load(0, documents: 1)
            #expect(try client.rollOver(name, whenHolding: nil))
            let error = #expect(throws: WorkerError.self) { try restorer.settle(plan, expected: [1]) }
            #expect(error?.message.contains("has 2 generations, the snapshot 1") == true)
            #expect(try generations().count == 2)
            for backing in try generations() {
                #expect(try client.mappingMeta(of: backing) == [:])
                #expect(try client.currentDefinition(of: backing)?.settings["index.refresh_interval"] == "9s")
            }
            #expect(try ownNames(session).isEmpty)
        }
    }

    @Test func whatAnEndedSessionLeftBehindIsInNobodysWay() throws {
        let other = StreamRestorer(client: client, session: Samples.makeID("other-\(session)"))
        try withTemplate {
            let plan = plan([1], action: .overwrite)
            try other.prepare(plan) {}
            // While it is at work its stream is its own.
            let error = #expect(throws: WorkerError.self) { try restorer.prepare(plan) {} }
            #expect(error?.message.contains("session \(other.session) is restoring data stream \(name)") == true)
            #expect(try generations().count == 1 && !ownNames(other.session).isEmpty)
            // Its end, all but the tidying up.
            try client.deletePipeline(other.fence(0))
            try restorer.prepare(plan) {}
            #expect(try ownNames(other.session).isEmpty)
            #expect(try load(0, documents: 1).accepted == 1)
            #expect(try restorer.settle(plan, expected: [1]).isEmpty)
            try other.drop(plan)
            #expect(try generations().count == 1)
        }
    }

    @Test func sessionsHavePrioritiesOfTheirOwn() throws {
        let priorities = try (0..<1000).map { try StreamRestorer.priority(of: Samples.makeID("session-\($0)")) }
        #expect(Set(priorities).count == 1000)
        #expect(priorities.allSatisfy { (4_000_000_000_000_000_000..<4_500_000_000_000_000_000).contains($0) })
        #expect(StreamRestorer.session(ofFence: ".sheaf-a-b-12")?.text == "a-b")
        #expect(StreamRestorer.session(ofFence: ".sheaf-abc") == nil && StreamRestorer.session(ofFence: "logs-1") == nil)
    }

    /// Before anything is deleted: a template of people that makes data streams must count for the name.
    @Test func aStreamThatWouldHaveNoTemplateIsNotBegun() throws {
        try withTemplate {
            // The server lets a stream's last template go when the stream has gone.
            try client.deleteIndexTemplate(name)
            let bare = #expect(throws: WorkerError.self) { try restorer.prepare(plan([1])) {} }
            #expect(bare?.message.contains("none covers it") == true)
            try putTemplate(name, #"{"index_patterns":["\#(name)"],"data_stream":{},"priority":1}"#)
            try putTemplate("\(name)-plain", #"{"index_patterns":["\#(name)*"],"priority":2}"#)
            let hidden = #expect(throws: WorkerError.self) { try restorer.prepare(plan([1])) {} }
            #expect(hidden?.message.contains("indexTemplates:\(name)-plain counts, which makes no data streams") == true)
            #expect(try ownNames(session).isEmpty && generations().isEmpty)
            try client.deleteIndexTemplate("\(name)-plain")
            try restorer.prepare(plan([1])) {}
            #expect(try generations().count == 1)
        }
    }

    @Test func aTemplateThatGoesWhileTheRestoreRunsFailsNothing() throws {
        try withTemplate {
            let plan = plan([1, 1])
            try restorer.prepare(plan) {}
            _ = try load(0, documents: 1)
            try restorer.rollOver(to: StreamGeneration(name: name, ordinal: 1), of: plan)
            _ = try load(1, documents: 1)
            try client.deleteIndexTemplate(name)
            for _ in 0..<2 {
                let notes = try restorer.settle(plan, expected: [1, 1])
                #expect(notes.count == 1 && notes[0].contains("keeps one that the restore made, \(restorer.fence(1))"))
            }
            #expect(try ownNames(session) == [restorer.fence(1)])
            #expect(try client.rollOver(name, whenHolding: nil))
            let made = try #require(try generations().last)
            #expect(try client.mappingMeta(of: made) == [:])
            #expect(try client.currentDefinition(of: made)?.settings["index.refresh_interval"] == nil)
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
            #expect(try restorer.settle(plan([1], action: .overwrite), expected: [1]).isEmpty)
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
