import Messages
import Sessions

/// What a session has done so far, index by index: the sum of its slices' done entries.
struct SessionResults {
    private(set) var indices: [IndexResult]
    private(set) var partsByWorker: [String: Int] = [:]

    init(journal: any Journal, plan: PlanEntry) throws {
        indices = plan.indices.map {
            IndexResult(name: $0.targetName, expectedDocuments: $0.documents, documents: 0, bytes: 0, storedBytes: 0)
        }
        for (position, slice) in plan.slices.enumerated() {
            // The highest epoch's done voids the others.
            let names = (0...Handling.highestEpoch).map { EntryName.done(slice: position, epoch: $0) }
            let entries = try journal.read(names)
            guard let name = names.last(where: { entries[$0] != nil }), case .done(let done)? = entries[name] else { continue }
            indices[slice.index].documents += done.documents
            indices[slice.index].bytes += done.bytes
            indices[slice.index].storedBytes += done.storedBytes
            partsByWorker.merge(done.partsByWorker) { $0 + $1 }
        }
    }
}
