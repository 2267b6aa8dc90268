import Messages
import Sessions

/// What a session has done, index by index: what its commit says, or else the sum of its slices' done entries.
struct SessionResults {
    private(set) var indices: [IndexResult]
    private(set) var partsByWorker: [String: Int] = [:]
    /// What the target refused of each index, in a sentence; nil where it took everything.
    private(set) var refusals: [String?]

    /// A committed session: what is committed, even if a late view has another `done` since.
    init(_ commit: OutcomeEntry.Commit, plan: PlanEntry) {
        indices = zip(plan.indices, commit.summary.indices).map {
            IndexResult(
                name: $0.targetName, expectedDocuments: $0.documents, documents: $1.documents, bytes: $1.bytes,
                storedBytes: $1.storedBytes)
        }
        partsByWorker = commit.partsByWorker
        refusals = commit.summary.indices.map(\.missing)
    }

    init(journal: any Journal, plan: PlanEntry) throws {
        indices = plan.indices.map {
            IndexResult(name: $0.targetName, expectedDocuments: $0.documents, documents: 0, bytes: 0, storedBytes: 0)
        }
        var rejected = [Int](repeating: 0, count: plan.indices.count)
        var first = [Rejection?](repeating: nil, count: plan.indices.count)
        for (position, slice) in plan.slices.enumerated() {
            // The highest epoch's done voids the others.
            let names = (0...Handling.highestEpoch).map { EntryName.done(slice: position, epoch: $0) }
            let entries = try journal.read(names)
            guard let name = names.last(where: { entries[$0] != nil }), case .done(let done)? = entries[name] else { continue }
            indices[slice.index].documents += done.documents
            indices[slice.index].bytes += done.bytes
            indices[slice.index].storedBytes += done.storedBytes
            partsByWorker.merge(done.partsByWorker) { $0 + $1 }
            rejected[slice.index] += done.rejected ?? 0
            first[slice.index] = first[slice.index] ?? done.rejections?.first
        }
        refusals = zip(rejected, first).map { count, first in
            guard count > 0 else { return nil }
            return "\(count) documents were refused"
                + (first.map { ", the first with _id \($0.id): \($0.type), \($0.reason)" } ?? "")
        }
    }

    /// For the outcome of a restore, which has no views and no segments of its own.
    var summaries: [SnapshotSummary.Index] {
        zip(indices, refusals).map { index, refusal in
            var summary = SnapshotSummary.Index(
                name: index.name, shards: 0, documents: index.documents, bytes: index.bytes, storedBytes: index.storedBytes,
                segments: 0, earliestView: nil, latestView: nil)
            summary.missing = refusal
            return summary
        }
    }
}
