import Messages
import Sessions

/// What a session has done, index by index: what its commit says, or else the sum of its slices' done entries.
struct SessionResults {
    private(set) var indices: [IndexResult]
    private(set) var partsByWorker: [String: Int] = [:]
    /// Why documents of each index are missing, in a sentence; nil where all are there.
    private(set) var missing: [String?]
    /// What the target refused; unknown, so empty, where a commit was read.
    private(set) var refusals: [Refusals] = []

    /// A committed session: what is committed, even if a late view has another `done` since.
    init(_ commit: OutcomeEntry.Commit, plan: PlanEntry) {
        indices = zip(plan.indices, commit.summary.indices).map {
            IndexResult(
                name: $0.targetName, expectedDocuments: $0.documents, documents: $1.documents, bytes: $1.bytes,
                storedBytes: $1.storedBytes)
        }
        partsByWorker = commit.partsByWorker
        missing = commit.summary.indices.map(\.missing)
    }

    init(journal: any Journal, plan: PlanEntry) throws {
        indices = plan.indices.map {
            IndexResult(name: $0.targetName, expectedDocuments: $0.documents, documents: 0, bytes: 0, storedBytes: 0)
        }
        var refused = plan.indices.map { Refusals(index: $0.targetName, documents: 0, rejections: [], segments: []) }
        for (position, slice) in plan.slices.enumerated() {
            // The highest epoch's done voids the others.
            let names = (0...Handling.highestEpoch).map { EntryName.done(slice: position, epoch: $0) }
            let entries = try journal.read(names)
            guard let name = names.last(where: { entries[$0] != nil }), case .done(let done)? = entries[name] else { continue }
            indices[slice.index].documents += done.documents
            indices[slice.index].bytes += done.bytes
            indices[slice.index].storedBytes += done.storedBytes
            partsByWorker.merge(done.partsByWorker) { $0 + $1 }
            refused[slice.index].documents += done.rejected ?? 0
            refused[slice.index].rejections += done.rejections ?? []
            refused[slice.index].segments += done.rejectSegments ?? []
        }
        missing = refused.map { $0.documents > 0 ? "\($0.documents) documents were refused\($0.sentence)" : nil }
        refusals = refused.filter { $0.documents > 0 }
    }

    /// For the outcome of a restore, which has no views and no segments of its own.
    var summaries: [SnapshotSummary.Index] {
        zip(indices, missing).map { index, missing in
            var summary = SnapshotSummary.Index(
                name: index.name, shards: 0, documents: index.documents, bytes: index.bytes, storedBytes: index.storedBytes,
                segments: 0, earliestView: nil, latestView: nil)
            summary.missing = missing
            return summary
        }
    }
}
