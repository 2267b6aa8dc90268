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
        var indices: [PlannedIndex] = []
        var slices: [Slice] = []
        let total = commit.summary.bytes
        let sliceBytes = max(Self.smallestSlice, total / (4 * settings.window))
        for (summary, manifest) in zip(commit.summary.indices, commit.manifests) {
            guard matcher.selects(summary.name) else { continue }
            let read = try self.read(manifest, of: summary.name)
            slices += self.slices(of: read.segments, index: indices.count, atLeast: sliceBytes)
            indices.append(
                PlannedIndex(
                    name: summary.name, targetName: summary.name, uuid: read.header.uuid, shards: read.header.shards,
                    documents: read.header.documents, definition: read.header.definition, manifest: manifest))
        }
        guard !indices.isEmpty || parameters.allowEmpty else {
            throw WorkerError(
                .refused, "no index of snapshot \(commit.summary.id) matches \(parameters.selectionText); correct the pattern")
        }
        let taken = try indices.filter { try client.indexExists($0.targetName) }.map(\.targetName)
        guard taken.isEmpty else {
            throw WorkerError(
                .refused,
                "already there in \(command.target.key): \(taken.joined(separator: ", ")); delete or rename what is in the way, "
                    + "or restore other indices with the task parameter indices")
        }
        slices.sort { ($0.bytes, $0.documents) > ($1.bytes, $1.documents) }
        return PlanEntry(
            nonce: try Nonce.make(), indices: indices, slices: slices, window: settings.window, snapshot: commit.summary.id,
            plannedAt: .now(), notes: parameters.unhonoured.map { "argument \($0) has no meaning here" })
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
