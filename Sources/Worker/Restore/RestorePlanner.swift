import Archive
import Crypto
import Elasticsearch
import Messages
import Runtime
import Sessions

/// Chooses a snapshot and its indices, refuses what is in the way, and cuts the rest into runs of segments.
struct RestorePlanner {
    let client: ElasticsearchClient
    let store: any ObjectStore
    let settings: WorkerSettings

    /// Bytes of documents that one slice holds at least, if its index has as many: enough to be worth a message.
    private static let smallestSlice = 64 << 20

    /// - Throws: `WorkerError(.refused)` when an index is in the way or nothing matches.
    func plan(_ command: SessionCommand) throws -> PlanEntry {
        guard let restore = command.restore else { throw WorkerError(.refused, "the message carries no RestoreSession") }
        let parameters = TaskParameters(command.target.task(restore.spec.task, for: .restore))
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
        let commit = try SnapshotCatalog(store: store).select(selectors.first ?? "latest", target: command.target)
        let objects = try SnapshotObjects(manifest: commit.objects, in: store)
        let streamNames = try objects.streamNames
        let distribution = try client.identity().distribution
        var notes = parameters.unhonoured.map { "argument \($0) has no meaning here" }
        var problems: [String] = []
        var indices: [PlannedIndex] = []
        var slices: [Slice] = []
        let total = commit.summary.bytes
        let sliceBytes = max(Self.smallestSlice, total / (4 * settings.window))
        for (summary, manifest) in zip(commit.summary.indices, commit.manifests) {
            guard matcher.selects(summary.name, dataStream: streamNames[summary.name]) else { continue }
            let read = try self.read(manifest, of: summary.name)
            let definition = try self.definition(read.header.definition, of: summary.name, for: distribution, &notes, &problems)
            slices += self.slices(of: read.segments, index: indices.count, atLeast: sliceBytes)
            indices.append(
                PlannedIndex(
                    name: summary.name, targetName: summary.name, uuid: read.header.uuid, shards: read.header.shards,
                    documents: read.header.documents, definition: definition, manifest: manifest))
        }
        guard !indices.isEmpty || parameters.allowEmpty else {
            throw WorkerError(
                .refused, "no index of snapshot \(commit.summary.id) matches \(parameters.selectionText); correct the pattern")
        }
        let streams = try StreamPlanner(
            client: client, streams: try objects.streams, rename: { $0 }, conflict: parameters.restore.conflict,
            isLeftOut: { parameters.objects?.excludes(.dataStreams, named: $0) == true }
        ).place(&indices, &slices)
        let planned = try ObjectPlanner.plan(objects, parameters: parameters, streams: streams.streams, client: client)
        notes += streams.notes + planned.notes
        problems += streams.problems + planned.problems
        let taken = try indices.filter { try $0.stream == nil && client.indexExists($0.targetName) }.map(\.targetName)
        if !taken.isEmpty {
            problems.append(
                "already there in \(command.target.key): \(taken.joined(separator: ", ")); delete or rename what is in the way, "
                    + "or restore other indices with the task parameter indices")
        }
        guard problems.isEmpty else { throw WorkerError(.refused, problems.joined(separator: "; ")) }
        var plan = PlanEntry(
            nonce: try Nonce.make(), indices: indices, slices: slices, window: settings.window, snapshot: commit.summary.id,
            plannedAt: .now(), notes: notes)
        plan.objects = commit.objects
        plan.plannedObjects = planned.objects
        return plan
    }

    /// The snapshot's definition in the target's words.
    private func definition(
        _ text: String, of index: String, for distribution: ClusterIdentity.Distribution, _ notes: inout [String],
        _ problems: inout [String]
    ) throws -> String {
        guard let definition = IndexDefinition(json: try JSONValue(parsing: Array(text.utf8))) else {
            throw WorkerError(.refused, "the snapshot's definition of index \(index) lacks settings, mappings or aliases")
        }
        let adapted = definition.adapted(to: distribution)
        if let field = adapted.unknown {
            problems.append(
                "index \(index) has field \(field.name) of type \(field.type), which \(distribution.title) does not know; "
                    + "leave the index out with indices: -\(index)")
        }
        guard !adapted.dropped.isEmpty else { return text }
        notes.append(
            "index \(index): left out \(adapted.dropped.joined(separator: ", ")), which \(distribution.title) does not know")
        return adapted.definition.json.serialized()
    }

    private func read(_ manifest: String, of index: String) throws -> (header: IndexManifest, segments: [SegmentReference]) {
        guard let id = Digest(hex: manifest) else {
            throw WorkerError(.refused, "the snapshot names \(manifest) as the manifest of index \(index), which is no digest")
        }
        let reader = try IndexManifestReader(store: store, id: id)
        var segments: [SegmentReference] = []
        while let segment = try reader.next() { segments.append(segment) }
        return (reader.header, segments)
    }

    private func slices(of segments: [SegmentReference], index: Int, atLeast bytes: Int) -> [Slice] {
        var slices: [Slice] = []
        var first = 0
        var run = (documents: 0, bytes: 0)
        for (ordinal, segment) in segments.enumerated() {
            run = (run.documents + segment.documents, run.bytes + segment.plainBytes)
            if run.bytes >= bytes || ordinal == segments.count - 1 {
                slices.append(Slice(index: index, segments: first..<(ordinal + 1), documents: run.documents, bytes: run.bytes))
                first = ordinal + 1
                run = (0, 0)
            }
        }
        return slices
    }
}
