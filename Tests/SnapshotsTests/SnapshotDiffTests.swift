import Archive
import Crypto
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// How two snapshots differ.
@Suite struct SnapshotDiffTests {
    let repository: SnapshotFolder
    let scratch: TemporaryFolder
    let spool: Spool

    init() throws {
        repository = try SnapshotFolder()
        scratch = try TemporaryFolder()
        spool = try Spool(in: scratch.makeFolder("spool"), limit: 1 << 20)
    }

    private struct Content {
        var name: String
        var documents = 10
        var bytes = 100
        var definition = #"{"settings":{"a":1},"mappings":{"b":[1,2]}}"#
    }

    /// Manifests without segments: a diff reads their first lines alone.
    private func commit(_ session: String, _ contents: [Content], objects: [StoredObject]? = nil) throws -> OutcomeEntry.Commit {
        let id = SnapshotID(startedAt: Samples.time, session: Samples.makeID(session))
        var summary = Samples.summary(id)
        summary.indices = contents.map {
            SnapshotSummary.Index(
                name: $0.name, shards: 1, documents: $0.documents, bytes: $0.bytes, storedBytes: 1, segments: 0,
                earliestView: nil, latestView: nil)
        }
        let manifests = try contents.map { content in
            try put(
                IndexManifestWriter(
                    spool: spool,
                    header: IndexManifest(
                        name: content.name, uuid: session, shards: 1, definition: content.definition, documents: 0,
                        plainBytes: 0, views: [])
                ).finish())
        }
        var commit = OutcomeEntry.Commit(summary: summary, manifests: manifests, partsByWorker: [:])
        commit.objects = try objects.map {
            try put(
                ObjectManifestWriter.write(
                    $0, header: ObjectManifest(distribution: "elasticsearch", serverVersion: "8.19.0"), spool: spool))
        }
        return commit
    }

    private func put(_ manifest: StagedFile) throws -> String {
        _ = try repository.local.upload(contentsOf: manifest.path, at: .manifest(manifest.digest))
        return manifest.digest.hex
    }

    private func diff(_ old: OutcomeEntry.Commit, _ new: OutcomeEntry.Commit) throws -> SnapshotDiff {
        try SnapshotDiff(from: old, to: new, in: repository.store)
    }

    @Test func equalSnapshotsDoNotDiffer() throws {
        let template = StoredObject(kind: "indexTemplates", name: "t", body: #"{"a":1,"b":2}"#)
        let old = try commit("a1", [Content(name: "x")], objects: [template])
        // Engines give members in any order.
        let sameContent = Content(name: "x", definition: #"{"mappings":{"b":[1,2]},"settings":{"a":1}}"#)
        let sameTemplate = StoredObject(kind: "indexTemplates", name: "t", body: #"{"b":2,"a":1}"#)
        let new = try commit("a2", [sameContent], objects: [sameTemplate])
        let found = try diff(old, new)
        #expect(found.isEmpty && found.equalIndices == 1 && found.equalObjects == 1)
        #expect(found.old == old.summary.id && found.new == new.summary.id)
        #expect(try diff(old, old).isEmpty)
    }

    @Test func indicesAreAddedRemovedAndChanged() throws {
        let old = try commit(
            "a1", [Content(name: "gone"), Content(name: "grown"), Content(name: "mapped"), Content(name: "same")])
        let new = try commit(
            "a2",
            [
                Content(name: "grown", documents: 12, bytes: 120),
                Content(name: "mapped", definition: #"{"mappings":{"b":[2,1]}}"#),
                Content(name: "new"), Content(name: "same"),
            ])
        let figures = SnapshotDiff.Figures(documents: 10, bytes: 100)
        #expect(
            try diff(old, new).indices == [
                .init(name: "gone", kind: .removed, old: figures, new: nil, isDefinitionChanged: false),
                .init(
                    name: "grown", kind: .changed, old: figures, new: .init(documents: 12, bytes: 120),
                    isDefinitionChanged: false),
                .init(name: "mapped", kind: .changed, old: figures, new: figures, isDefinitionChanged: true),
                .init(name: "new", kind: .added, old: nil, new: figures, isDefinitionChanged: false),
            ])
        #expect(try diff(old, new).equalIndices == 1)
    }

    @Test func objectsAreToldApartByKindAndName() throws {
        func object(_ kind: String, _ name: String, _ body: String) -> StoredObject {
            StoredObject(kind: kind, name: name, body: body)
        }
        let old = try commit(
            "a1", [], objects: [object("pipelines", "p", "{}"), object("indexTemplates", "p", "{}"), object("scripts", "s", "1")])
        let new = try commit(
            "a2", [], objects: [object("pipelines", "q", "{}"), object("indexTemplates", "p", "{}"), object("scripts", "s", "2")])
        #expect(
            try diff(old, new).objects == [
                .init(type: "pipelines", name: "p", kind: .removed), .init(type: "pipelines", name: "q", kind: .added),
                .init(type: "scripts", name: "s", kind: .changed),
            ])
        #expect(try diff(old, new).equalObjects == 1)
        // A snapshot of a version before objects were saved.
        #expect(try diff(try commit("a3", []), new).objects.map(\.kind) == [.added, .added, .added])
    }

    @Test func aManifestThatIsMissingIsAnError() throws {
        let old = try commit("a1", [Content(name: "x")])
        let new = try commit("a2", [Content(name: "x")])
        try repository.local.delete(ObjectKey("manifests/\(new.manifests[0])"))
        #expect(throws: ArchiveError.self) { try diff(old, new) }
    }
}
