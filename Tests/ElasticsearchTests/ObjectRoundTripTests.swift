import Foundation
import Runtime
import Testing

@testable import Elasticsearch

/// Objects that real servers hold, listed, put again and compared.
@Suite(.requiresEngine) struct ObjectRoundTripTests {
    private let name = "objects-" + UUID().uuidString.lowercased()

    private var objects: [ClusterObject] {
        [
            ClusterObject(
                kind: .ingestPipelines, name: name,
                body: #"{"description":"é \"x\"","version":3,"processors":[]}"#),
            ClusterObject(
                kind: .componentTemplates, name: name,
                body:
                    #"{"template":{"settings":{"number_of_shards":2},"mappings":{"properties":{"a":{"type":"long"}}},"aliases":{"\#(name)-a":{"routing":"r"}}},"version":1,"_meta":{"n":1.50}}"#
            ),
            ClusterObject(
                kind: .legacyTemplates, name: name,
                body: #"{"index_patterns":["\#(name)-legacy*"],"order":3,"settings":{"index":{"refresh_interval":"7s"}}}"#),
            ClusterObject(
                kind: .indexTemplates, name: name,
                body:
                    #"{"index_patterns":["\#(name)*"],"data_stream":{},"composed_of":["\#(name)"],"priority":987654,"template":{"settings":{"index.codec":"best_compression"}}}"#
            ),
        ]
    }

    private func remove(_ client: ElasticsearchClient) throws {
        for path in ["_index_template", "_template", "_component_template", "_ingest/pipeline"] {
            _ = try client.send("DELETE", "/\(path)/\(name)", allowing: [404], attempting: "clean up")
        }
    }

    private func own(_ client: ElasticsearchClient) throws -> [ClusterObject] {
        try client.objects(
            of: [.ingestPipelines, .componentTemplates, .legacyTemplates, .indexTemplates], includesSystem: false
        ).objects.filter { $0.name == name }
    }

    @Test(arguments: TestEngine.faithful) func objectsComeBackEqual(_ engine: TestEngine) throws {
        let client = try engine.client()
        defer { #expect(throws: Never.self) { try remove(client) } }
        for object in objects { #expect(try client.put(object).isEmpty) }
        let found = try own(client)
        #expect(found.map(\.kind) == [.ingestPipelines, .componentTemplates, .legacyTemplates, .indexTemplates])
        for (object, found) in zip(objects, found) {
            #expect(try object.means(theSameAs: found), "\(object) became \(found.body)")
        }
        try remove(client)
        #expect(try own(client).isEmpty)
        for object in found { #expect(try client.put(object).isEmpty) }
        #expect(try own(client) == found)
    }

    @Test(arguments: [(TestEngine.elasticsearch, TestEngine.opensearch), (.opensearch, .elasticsearch)])
    func objectsCrossBetweenTheProducts(_ from: TestEngine, _ to: TestEngine) throws {
        guard TestEngine.available.contains(from), TestEngine.available.contains(to) else { return }
        let (source, target) = (try from.client(), try to.client())
        defer {
            #expect(throws: Never.self) { try remove(source) }
            #expect(throws: Never.self) { try remove(target) }
        }
        for object in objects { _ = try source.put(object) }
        let distribution = try target.identity().distribution
        for object in try own(source) {
            let adapted = try ObjectDialect.adapt(object, to: distribution)
            #expect(adapted.dropped.isEmpty && adapted.refusal == nil)
            #expect(try target.put(adapted.object).isEmpty, "\(object)")
        }
        for (object, found) in zip(objects, try own(target)) { #expect(try object.means(theSameAs: found), "\(found.body)") }
    }

    @Test(arguments: TestEngine.faithful) func settingsAndMembersThatTheServerRefusesAreNamed(_ engine: TestEngine) throws {
        let client = try engine.client()
        defer { #expect(throws: Never.self) { try remove(client) } }
        let dropped = try client.put(
            ClusterObject(
                kind: .indexTemplates, name: name,
                body: #"{"index_patterns":["\#(name)*"],"template":{"settings":{"index.made.up":"1"}}}"#))
        #expect(dropped.contains("index.made.up"))
        expectFailure(.badRequest) {
            _ = try client.put(
                ClusterObject(
                    kind: .indexTemplates, name: name, body: #"{"index_patterns":["\#(name)"],"composed_of":["\#(name)-none"]}"#))
        }
    }
}
