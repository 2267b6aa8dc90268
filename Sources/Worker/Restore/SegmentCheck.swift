import Archive
import Elasticsearch
import Messages
import Sessions

/// Makes sure that a repository has what is to replace an index, before the index is deleted.
struct SegmentCheck {
    let store: RepositoryStore
    let manifests: ManifestCache

    /// - Throws: `WorkerError(.refused)` with the first segment that is missing or has another size.
    func run(_ plan: PlanEntry) throws {
        let streams = (plan.plannedObjects ?? []).filter { $0.kind == .dataStreams && $0.action == .overwrite }
        for index in plan.indices {
            guard try isReplacing(index, streams), let manifest = index.manifest else { continue }
            let id = try RestoreSurvey.digest(manifest, of: index.name)
            for segment in try manifests.segments(of: id, in: store) {
                let key = ObjectKey.segment(segment.id)
                let size = try store.size(key)
                guard size != segment.storedBytes else { continue }
                throw WorkerError(
                    .refused,
                    "index \(index.targetName) is not overwritten, since index \(index.name) of the snapshot cannot be restored: object "
                        + "\(key) in \(store.location) "
                        + (size.map { "has \($0) bytes, not \(segment.storedBytes)" } ?? "is missing")
                        + "; copy it back from another copy of the repository, or restore another snapshot")
            }
        }
    }

    private func isReplacing(_ index: PlannedIndex, _ streams: [PlannedObject]) throws -> Bool {
        if index.replaces != nil { return true }
        guard !streams.isEmpty else { return false }
        if let stream = index.stream { return streams.contains { $0.targetName == stream.name } }
        let stream = try index.restoredDefinition.dataStream
        return streams.contains { $0.name == stream }
    }
}
