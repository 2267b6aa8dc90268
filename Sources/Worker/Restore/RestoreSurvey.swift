import Archive
import Crypto
import Elasticsearch
import Messages
import Runtime
import Sessions
import Snapshots

/// What a RestoreSession would read and write, found out without writing anything: what a plan is made of, and what a dry run shows.
struct RestoreSurvey {
    let parameters: TaskParameters
    let commit: OutcomeEntry.Commit
    /// Ids of the manifests of the layout's sources.
    let manifests: [String]
    let headers: [IndexManifest]
    let layout: RestoreLayout
    let objects: SnapshotObjects
    let notes: [String]
    let problems: [String]

    /// - Parameters:
    ///   - task: with the parameters of its author, the AppBinding and its Task.
    ///   - mark: of the session; any in a dry run.
    /// - Throws: `WorkerError(.refused)` for a request that cannot be understood, or a snapshot that is not there.
    init(
        _ restore: RestoreSession, task: TaskRef?, target: AppBinding, mark: String, client: ElasticsearchClient,
        store: RepositoryStore
    ) throws {
        let parameters = TaskParameters(task)
        if let problem = parameters.problems.first {
            throw WorkerError(.refused, "task parameter \(problem.parameter): \(problem.message)")
        }
        var selection = IndexSelection(parameters)
        // What the backup took on purpose, the restore takes too: a leading dot needs no second permission.
        selection.includesSystemIndices = true
        let matcher = try selection.matcher()
        let selectors = restore.rule?.snapshots ?? []
        guard selectors.count <= 1 else {
            throw WorkerError(.refused, "\(restore.key) names \(selectors.count) snapshots; name one, or \"latest\"")
        }
        let selected = try SnapshotCatalog(store: store)
            .select(selectors.first ?? "latest", target: target, allowPartial: parameters.allowPartial)
        let objects = try SnapshotObjects(manifest: selected.commit.objects, in: store)
        let streams = try Set(objects.streams.map(\.name)).filter {
            parameters.objects?.excludes(.dataStreams, named: $0) != true
        }
        let distribution = try client.identity().distribution
        var (notes, problems) = (selected.notes, [String]())
        if let missing = selected.commit.summary.missing { notes.append("the snapshot is not whole: \(missing)") }
        if let query = selected.commit.summary.query {
            notes.append("the snapshot holds only documents that match \(query)")
        }
        var manifests: [String] = []
        var headers: [IndexManifest] = []
        var sources: [RestoreLayout.Source] = []
        for (summary, manifest) in zip(selected.commit.summary.indices, selected.commit.manifests) {
            let header = try IndexManifestReader(store: store, id: try Self.digest(manifest, of: summary.name)).header
            var definition = try Self.definition(header)
            let aliases = (definition.aliases.members ?? []).map(\.name)
            guard matcher.selects(summary.name, dataStream: definition.dataStream, aliases: aliases) else { continue }
            if let alias = matcher.aliasAlone(summary.name, dataStream: definition.dataStream, aliases: aliases) {
                notes.append(IndexSurvey.taken(summary.name, for: alias))
            }
            if let stream = definition.dataStream, !streams.contains(stream) {
                definition.dataStream = nil
                notes.append("index \(summary.name) comes back as a plain index: its data stream \(stream) is not restored")
            }
            try Self.adapt(&definition, to: distribution, &notes, &problems)
            manifests.append(manifest)
            headers.append(header)
            sources.append(RestoreLayout.Source(definition: definition, missing: summary.missing))
        }
        let names = try TargetNames(
            of: client, inQuestion: RestoreLayout.namesInQuestion(sources, options: parameters.restore))
        let layout = RestoreLayout(
            sources, options: parameters.restore, target: names, snapshot: selected.commit.summary.id, mark: mark,
            place: target.key.description)
        self.parameters = parameters
        self.commit = selected.commit
        self.manifests = manifests
        self.headers = headers
        self.layout = layout
        self.objects = objects
        if sources.isEmpty, !parameters.allowEmpty {
            problems.append(
                "no index of snapshot \(selected.commit.summary.id) matches \(parameters.selectionText); correct the pattern")
        }
        self.notes = notes + layout.notes + parameters.remarks(for: .restore).map(\.sentence)
        self.problems = problems + layout.problems
    }

    /// The snapshot's definition in the target's words.
    private static func adapt(
        _ definition: inout IndexDefinition, to distribution: ClusterIdentity.Distribution, _ notes: inout [String],
        _ problems: inout [String]
    ) throws {
        let adapted = definition.adapted(to: distribution)
        if let field = adapted.unknown {
            problems.append(
                "index \(definition.name) has field \(field.name) of type \(field.type), which \(distribution.title) does not know; "
                    + "leave the index out with indices: -\(definition.name)")
        }
        guard !adapted.dropped.isEmpty else { return }
        notes.append(
            "index \(definition.name): left out \(adapted.dropped.joined(separator: ", ")), which \(distribution.title) does not know"
        )
        definition = adapted.definition
    }

    /// Every segment of a source, in order.
    func segments(of source: Int, in store: RepositoryStore) throws -> [SegmentReference] {
        let reader = try IndexManifestReader(store: store, id: try Self.digest(manifests[source], of: headers[source].name))
        var segments: [SegmentReference] = []
        while let segment = try reader.next() { segments.append(segment) }
        return segments
    }

    static func digest(_ manifest: String, of index: String) throws -> Digest {
        guard let id = Digest(hex: manifest) else {
            throw WorkerError(.refused, "the snapshot names \(manifest) as the manifest of index \(index), which is no digest")
        }
        return id
    }

    private static func definition(_ header: IndexManifest) throws -> IndexDefinition {
        guard let definition = IndexDefinition(json: try JSONValue(parsing: Array(header.definition.utf8))) else {
            throw WorkerError(.refused, "the snapshot's definition of index \(header.name) lacks settings, mappings or aliases")
        }
        return definition
    }
}
