import Archive
import Crypto
import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// Before anything is deleted, the repository has all that is to come in its place.
@Suite struct SegmentCheckTests {
    private let fixture: LoadFixture

    init() throws {
        fixture = try LoadFixture()
        try fixture.fill(documents: 100)
        let definition = IndexDefinition(name: "a", uuid: "u", numberOfShards: 1, dataStream: "s").json.serialized()
        let writer = try IndexManifestWriter(
            spool: fixture.spool,
            header: IndexManifest(
                name: "a", uuid: "u", shards: 1, definition: definition, documents: 100, plainBytes: fixture.plainBytes, views: []
            ))
        for segment in fixture.segments { try writer.append(segment) }
        let manifest = try writer.finish()
        _ = try fixture.local.upload(contentsOf: manifest.path, at: .manifest(manifest.digest))
        fixture.plan.indices[0].manifest = manifest.digest.hex
        fixture.plan.indices[0].definition = definition
        fixture.plan.indices[0].replaces = "old"
    }

    private func check(_ plan: PlanEntry) throws {
        try SegmentCheck(store: RepositoryStore(fixture.local), manifests: ManifestCache()).run(plan)
    }

    @Test func aWholeIndexMayTakeAnothersPlace() throws {
        try #require(fixture.segments.count > 2)
        try check(fixture.plan)
    }

    @Test(arguments: [true, false])
    func oneMissingOrShortenedSegmentRefusesTheOverwriting(isMissing: Bool) throws {
        let key = ObjectKey.segment(try #require(fixture.segments.last).id)
        let path = "\(fixture.folder.path)/repository/\(key)"
        if isMissing { try fixture.local.delete(key) } else { #expect(truncate(path, 10) == 0) }
        let error = #expect(throws: WorkerError.self) { try check(fixture.plan) }
        #expect(error?.code == .refused && error?.message.contains("index a is not overwritten") == true, "\(error as Any)")
        #expect(error?.message.contains(isMissing ? "is missing" : "has 10 bytes, not ") == true, "\(error as Any)")
    }

    /// A data stream that is overwritten is deleted too: one that is adopted, or filled through its name.
    @Test func segmentsOfStreamsCountAsWell() throws {
        try fixture.local.delete(.segment(try #require(fixture.segments.first).id))
        var plan = fixture.plan
        plan.indices[0].replaces = nil
        try check(plan)
        plan.plannedObjects = [PlannedObject(kind: .dataStreams, name: "s", targetName: "new", action: .overwrite)]
        #expect(throws: WorkerError.self) { try check(plan) }
        plan.indices[0].stream = StreamGeneration(name: "new", ordinal: 0)
        #expect(throws: WorkerError.self) { try check(plan) }
        plan.plannedObjects?[0].action = .create
        try check(plan)
    }
}
