import Archive
import Crypto
import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

private let openSearch = ProcessInfo.processInfo.environment["SHEAF_TEST_OPENSEARCH"]

/// Whose the copies of templates are that a restore makes for data streams under new names, on a real OpenSearch.
@Suite(
    .enabled(
        if: openSearch != nil || ProcessInfo.processInfo.environment["CI"] == "true", "set SHEAF_TEST_OPENSEARCH to a URL to run")
)
struct ObjectRestorerTests {
    private let client: ElasticsearchClient
    private let folder: TemporaryFolder
    private let store: LocalStore
    private let name = "fixc-" + UUID().uuidString.lowercased()
    private let plan: PlanEntry

    init() throws {
        client = try ElasticsearchClient(configuration: ClusterConfiguration(url: try #require(openSearch)))
        folder = try TemporaryFolder()
        store = try LocalStore(try folder.makeFolder("repository"))
        let body = #"{"index_patterns":["old"],"data_stream":{},"priority":7,"template":{"settings":{"number_of_shards":"2"}}}"#
        let staged = try ObjectManifestWriter.write(
            [StoredObject(kind: "indexTemplates", name: "old", body: body)],
            header: ObjectManifest(distribution: "opensearch", serverVersion: "2.19.6"),
            spool: try Spool(in: "\(folder.path)/spool", limit: 1 << 20))
        _ = try store.upload(contentsOf: staged.path, at: .manifest(staged.digest))
        var plan = Samples.plan(slices: [])
        plan.objects = staged.digest.hex
        plan.plannedObjects = [PlannedObject(kind: .indexTemplates, name: "old", targetName: name, action: .create)]
        self.plan = plan
    }

    private var restorer: ObjectRestorer {
        ObjectRestorer(client: client, store: RepositoryStore(store), session: Samples.session)
    }

    private func template() throws -> JSONValue? {
        try client.objects(of: [.indexTemplates], includesSystem: true).object(.indexTemplates, name)?.json()
    }

    private func cleaning(_ body: () throws -> Void) throws {
        let outcome = Result { try body() }
        try client.deleteDataStream(name)
        try client.deleteIndexTemplate(name)
        try outcome.get()
    }

    @Test func anAbortedRestoreTakesItsCopyAway() throws {
        try cleaning {
            for _ in 0..<2 { try restorer.prepare(plan) {} }
            #expect(try template()?["priority"] == 7)
            let other = ObjectRestorer(client: client, store: RepositoryStore(store), session: Samples.makeID("other"))
            try other.drop(plan)
            #expect(try template() != nil)
            for _ in 0..<2 { try restorer.drop(plan) }
            #expect(try template() == nil)
        }
    }

    @Test func aSettledCopyIsEverybodys() throws {
        try cleaning {
            try restorer.prepare(plan) {}
            #expect(try template()?["_meta"] != nil)
            for _ in 0..<2 { #expect(try restorer.settle(plan).isEmpty) }
            #expect(try template()?["_meta"] == nil)
            try restorer.drop(plan)
            #expect(try template() != nil)
        }
    }

    @Test func aTemplateOfSomebodyElseIsNotReplaced() throws {
        try cleaning {
            let body = #"{"index_patterns":["\#(name)"],"priority":3}"#
            _ = try client.put(ClusterObject(kind: .indexTemplates, name: name, body: body))
            let error = #expect(throws: WorkerError.self) { try restorer.prepare(plan) {} }
            #expect(error?.message.contains("indexTemplates:\(name) was made by somebody else") == true)
            try restorer.drop(plan)
            #expect(try template()?["priority"] == 3)
        }
    }

    @Test func aCopyThatASecondStreamNeedsStays() throws {
        try cleaning {
            try restorer.prepare(plan) {}
            #expect(try client.createDataStream(name))
            try restorer.drop(plan)
            let left = try #require(try template())
            #expect(left["_meta"] == nil && left["priority"] == 7)
        }
    }
}
