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
            var whole: [WholeSlice] = []
            var missing = index.withheldOnRequest == true ? [] : [index.withheld].compactMap { $0 }
            for slice in slices {
                switch try read(slice, of: index, epoch: epochs[slice], plan: plan) {
                case .whole(let slice): whole.append(slice)
                case .givenUp(let reason): missing.append(reason)
                }
            }
            for slice in whole { partsByWorker.merge(slice.done.partsByWorker) { $0 + $1 } }
            let newest = whole.filter { $0.view.definition != nil }.max { $0.view.openedAt < $1.view.openedAt }
            let writer = try IndexManifestWriter(
                spool: spool,
                header: IndexManifest(
                    name: index.name, uuid: index.uuid, shards: index.shards,
                    definition: newest?.view.definition ?? index.definition,
                    documents: whole.sum(\.done.documents), plainBytes: whole.sum(\.done.bytes),
                    views: whole.map { slice in
                        IndexManifest.View(
                            shard: plan.slices[slice.number].shard, epoch: slice.epoch, documents: slice.done.documents,
                            opened: slice.view.openedAt.description)
                    }))
            var segments = 0
            for slice in whole {
                try forEachSegment(of: slice.number, epoch: slice.epoch, shard: plan.slices[slice.number].shard) {
                    try writer.append($0)
                    segments += 1
                }
            }
            let manifest = try writer.finish()
            _ = try store.upload(contentsOf: manifest.path, at: .manifest(manifest.digest))
            manifests.append(manifest.digest.hex)
            var summary = SnapshotSummary.Index(
                name: index.name, shards: index.shards, documents: whole.sum(\.done.documents), bytes: whole.sum(\.done.bytes),
                storedBytes: whole.sum(\.done.storedBytes), segments: segments, earliestView: whole.map(\.view.openedAt).min(),
                latestView: whole.map(\.view.openedAt).max())
            summary.missing = missing.isEmpty ? nil : missing.joined(separator: "; ")
            indices.append(summary)
        }
        let summary = SnapshotSummary(
            id: id, repository: command.repository.metadata.name, namespace: command.namespace,
            target: command.target.metadata.name,
            invoker: command.invoker, time: begin.startedAt, indices: indices)
        return OutcomeEntry.Commit(summary: summary, manifests: manifests, partsByWorker: partsByWorker)
    }

    private struct WholeSlice {
        let number: Int
        let epoch: Int
        let view: ViewEntry
        let done: DoneEntry
    }

    private enum SliceEnd {
        case whole(WholeSlice)
        case givenUp(String)
    }

    private func read(_ slice: Int, of index: PlannedIndex, epoch: Int, plan: PlanEntry) throws -> SliceEnd {
        let entries = try journal.read([.view(slice: slice, epoch: epoch), .done(slice: slice, epoch: epoch)])
        if case .done(let done)? = entries[.done(slice: slice, epoch: epoch)] {
            if let failure = done.failure, plan.allowPartial == true { return .givenUp(failure) }
            // The total of a scroll stands in its first part, which the chain was checked against.
            if case .view(let view)? = entries[.view(slice: slice, epoch: epoch)], done.failure == nil,
                view.scrolls == true || done.documents == view.documents
            {
                return .whole(WholeSlice(number: slice, epoch: epoch, view: view, done: done))
            }
        }
        throw WorkerError(.refused, "slice \(slice) of index \(index.name) is not whole: it must not be committed")
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

extension Array {
    fileprivate func sum(_ value: (Element) -> Int) -> Int { reduce(0) { $0 + value($1) } }
}
