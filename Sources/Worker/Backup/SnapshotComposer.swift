import Archive
import Crypto
import Messages
import Runtime
import Sessions

/// Puts the manifests of all indices of a backup together from the parts of its slices: what the outcome then names.
struct SnapshotComposer {
    let store: RepositoryStore
    let spool: Spool
    let journal: any Journal

    /// - Parameter epochs: the epoch of each slice whose parts count.
    func compose(_ command: SessionCommand, begin: BeginEntry, plan: PlanEntry, epochs: [Int]) throws -> OutcomeEntry.Commit {
        let id = SnapshotID(startedAt: begin.startedAt, session: command.id)
        var indices: [SnapshotSummary.Index] = []
        var manifests: [String] = []
        var partsByWorker: [String: Int] = [:]
        for (position, index) in plan.indices.enumerated() {
            var kept: [KeptSlice] = []
            var missing = index.withheldOnRequest == true ? [] : [index.withheld].compactMap { $0 }
            for slice in plan.slices.indices where plan.slices[slice].index == position {
                switch try ending(of: slice, plan.slices[slice], epoch: epochs[slice], index: index) {
                case .kept(let slice): kept.append(slice)
                case .missing(let reason): missing.append(reason)
                }
            }
            for slice in kept { partsByWorker.merge(slice.done.partsByWorker) { $0 + $1 } }
            let manifest = try storeManifest(of: index, kept, session: command.id)
            manifests.append(manifest.id.hex)
            let opened = kept.map(\.view.openedAt)
            var summary = SnapshotSummary.Index(
                name: index.name, shards: index.shards, documents: kept.sum(\.done.documents), bytes: kept.sum(\.done.bytes),
                storedBytes: kept.sum(\.done.storedBytes), segments: manifest.segments, earliestView: opened.min(),
                latestView: opened.max())
            if !missing.isEmpty { summary.missing = missing.joined(separator: "; ") }
            indices.append(summary)
        }
        var summary = SnapshotSummary(
            id: id, repository: command.repository.metadata.name, namespace: command.namespace,
            target: command.target.metadata.name,
            invoker: command.invoker, time: begin.startedAt, indices: indices)
        summary.query = plan.query
        summary.objects = try SnapshotObjects(manifest: plan.objects, in: store).objects.count
        var commit = OutcomeEntry.Commit(summary: summary, manifests: manifests, partsByWorker: partsByWorker)
        commit.objects = plan.objects
        return commit
    }

    private enum Ending {
        case kept(KeptSlice)
        /// Given up, with the reason.
        case missing(String)
    }

    private func ending(of number: Int, _ slice: Slice, epoch: Int, index: PlannedIndex) throws -> Ending {
        let names = (
            view: EntryName.view(slice: number, epoch: epoch), done: EntryName.done(slice: number, epoch: epoch),
            part: EntryName.part(slice: number, epoch: epoch, number: 0)
        )
        let entries = try journal.read([names.view, names.done])
        if case .done(let done)? = entries[names.done] {
            if let failure = done.failure { return .missing(failure) }
            if case .view(var view)? = entries[names.view] {
                var total: Int? = view.documents
                // A scroll is known to the unit that opened it.
                if view.scrolls == true, case .part(let first)? = try journal.read([names.part])[names.part] {
                    total = first.total
                    view.openedAt = first.openedAt ?? view.openedAt
                    view.definition = first.definition ?? view.definition
                }
                if done.documents == total {
                    return .kept(KeptSlice(number: number, shard: slice.shard, epoch: epoch, view: view, done: done))
                }
            }
        }
        throw WorkerError(.refused, "slice \(number) of index \(index.name) is not whole: it must not be committed")
    }

    private func storeManifest(
        of index: PlannedIndex, _ slices: [KeptSlice], session: SessionID
    ) throws -> (id: Digest, segments: Int) {
        let newest = slices.filter { $0.view.definition != nil }.max { $0.view.openedAt < $1.view.openedAt }
        let views = slices.map {
            IndexManifest.View(
                shard: $0.shard, epoch: $0.epoch, documents: $0.done.documents, opened: $0.view.openedAt.description)
        }
        let writer = try IndexManifestWriter(
            spool: spool,
            header: IndexManifest(
                name: index.name, uuid: index.uuid, shards: index.shards,
                definition: newest?.view.definition ?? index.definition, documents: slices.sum(\.done.documents),
                plainBytes: slices.sum(\.done.bytes), views: views, session: session.text))
        var segments = 0
        for slice in slices {
            try forEachSegment(of: slice.number, epoch: slice.epoch, shard: slice.shard) {
                try writer.append($0)
                segments += 1
            }
        }
        let manifest = try writer.finish()
        _ = try store.upload(contentsOf: manifest.path, at: .manifest(manifest.digest))
        return (manifest.digest, segments)
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

/// A slice of which the snapshot has every document.
private struct KeptSlice {
    let number: Int
    let shard: Int?
    let epoch: Int
    let view: ViewEntry
    let done: DoneEntry
}

extension [KeptSlice] {
    fileprivate func sum(_ count: KeyPath<KeptSlice, Int>) -> Int { reduce(0) { $0 + $1[keyPath: count] } }
}
