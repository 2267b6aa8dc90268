import Archive
import Crypto
import Messages
import Runtime
import Sessions

/// Puts the manifests of all indices of a backup together from the parts of its slices: what the outcome then names.
struct SnapshotComposer {
    let store: any ObjectStore
    let spool: Spool
    let journal: any Journal

    /// - Parameter epochs: the epoch of each slice whose parts count.
    func compose(_ command: SessionCommand, begin: BeginEntry, plan: PlanEntry, epochs: [Int]) throws -> OutcomeEntry.Commit {
        let id = SnapshotID(startedAt: begin.startedAt, session: command.id)
        var indices: [SnapshotSummary.Index] = []
        var manifests: [String] = []
        var partsByWorker: [String: Int] = [:]
        for (position, index) in plan.indices.enumerated() {
            let slices = plan.slices.indices.filter { plan.slices[$0].index == position }
            var views: [IndexManifest.View] = []
            var opened: [Timestamp] = []
            var newest: (openedAt: Timestamp, definition: String)?
            var done = (documents: 0, bytes: 0, stored: 0)
            for slice in slices {
                let epoch = epochs[slice]
                let entries = try journal.read([.view(slice: slice, epoch: epoch), .done(slice: slice, epoch: epoch)])
                guard case .view(let view)? = entries[.view(slice: slice, epoch: epoch)],
                    case .done(let slicesDone)? = entries[.done(slice: slice, epoch: epoch)],
                    slicesDone.documents == view.documents
                else {
                    throw WorkerError(.refused, "slice \(slice) of index \(index.name) is not whole: it must not be committed")
                }
                views.append(
                    IndexManifest.View(
                        shard: plan.slices[slice].shard, epoch: epoch, documents: view.documents,
                        opened: view.openedAt.description))
                opened.append(view.openedAt)
                if let definition = view.definition, newest.map({ $0.openedAt < view.openedAt }) ?? true {
                    newest = (view.openedAt, definition)
                }
                done = (
                    done.documents + slicesDone.documents, done.bytes + slicesDone.bytes, done.stored + slicesDone.storedBytes
                )
                partsByWorker.merge(slicesDone.partsByWorker) { $0 + $1 }
            }
            let writer = try IndexManifestWriter(
                spool: spool,
                header: IndexManifest(
                    name: index.name, uuid: index.uuid, shards: index.shards, definition: newest?.definition ?? index.definition,
                    documents: done.documents, plainBytes: done.bytes, views: views))
            var segments = 0
            for slice in slices {
                try forEachSegment(of: slice, epoch: epochs[slice], shard: plan.slices[slice].shard) {
                    try writer.append($0)
                    segments += 1
                }
            }
            let manifest = try writer.finish()
            _ = try store.upload(contentsOf: manifest.path, at: .manifest(manifest.digest))
            manifests.append(manifest.digest.hex)
            indices.append(
                SnapshotSummary.Index(
                    name: index.name, shards: index.shards, documents: done.documents, bytes: done.bytes,
                    storedBytes: done.stored,
                    segments: segments, earliestView: opened.min(), latestView: opened.max()))
        }
        var summary = SnapshotSummary(
            id: id, repository: command.repository.metadata.name, namespace: command.namespace,
            target: command.target.metadata.name,
            invoker: command.invoker, time: begin.startedAt, indices: indices)
        summary.objects = try SnapshotObjects(manifest: plan.objects, in: store).objects.count
        var commit = OutcomeEntry.Commit(summary: summary, manifests: manifests, partsByWorker: partsByWorker)
        commit.objects = plan.objects
        return commit
    }

    private func forEachSegment(of slice: Int, epoch: Int, shard: Int?, _ body: (SegmentReference) throws -> Void) throws {
        var number = 0
        while true {
            let name = EntryName.part(slice: slice, epoch: epoch, number: number)
            guard case .part(let part)? = try journal.read([name])[name] else {
                throw WorkerError(.refused, "part \(name) is gone from the journal: do not change a repository by hand")
            }
            for segment in part.segments {
                guard let id = Digest(hex: segment.id), let kind = SegmentKind(rawValue: segment.kind) else {
                    throw WorkerError(.refused, "part \(name) names \(segment.kind) segment \(segment.id), which is no segment")
                }
                try body(
                    SegmentReference(
                        id: id, kind: kind, slice: slice, shard: shard, documents: segment.documents, plainBytes: segment.bytes,
                        storedBytes: segment.storedBytes))
            }
            if part.endsSlice { return }
            number += 1
        }
    }
}
