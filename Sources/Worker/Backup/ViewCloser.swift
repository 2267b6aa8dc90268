import Elasticsearch
import Runtime
import Sessions

/// Closes the points in time that a backup left open when it was ended.
struct ViewCloser {
    let journal: any Journal
    let logger: Logger
    let isCancelled: @Sendable () -> Bool

    /// Stops at the first that a cluster out of reach refuses: what stays open expires, and a session must not wait for it.
    ///
    /// - Parameter client: the session's; another with the same address is made, which tries everything once.
    func close(_ plan: PlanEntry, _ client: () throws -> ElasticsearchClient) throws {
        let impatient: ElasticsearchClient
        do {
            impatient = try ElasticsearchClient(
                configuration: try client().configuration, retryPolicy: RetryPolicy(retries: 0), isCancelled: isCancelled)
            if let capabilities = plan.cluster.flatMap({ ClusterCapabilities(text: $0) }) { impatient.adopt(capabilities) }
        } catch {
            return report("\(error)")
        }
        let epochs = 0...Handling.highestEpoch
        func entries(_ slice: Int) throws -> [EntryName: Entry] {
            try journal.read(epochs.flatMap { [EntryName.view(slice: slice, epoch: $0), .done(slice: slice, epoch: $0)] })
        }
        let begun = try plan.begunSlices { slice in
            let entries = try entries(slice)
            return epochs.contains { entries[.done(slice: slice, epoch: $0)] != nil }
        }
        for slice in begun {
            let entries = try entries(slice)
            // A slice that is done has no view any more, and a scroll is known to its units alone.
            for epoch in epochs where entries[.done(slice: slice, epoch: epoch)] == nil {
                guard case .view(let view)? = entries[.view(slice: slice, epoch: epoch)], view.scrolls != true else { continue }
                do throws(ElasticsearchError) {
                    try impatient.closePointInTime(PointInTime(view))
                } catch {
                    report(error.message)
                    if error.isRetryable { return }
                }
            }
        }
    }

    private func report(_ error: String) {
        logger.info("points in time could not be closed and will expire", metadata: ["error": .string(error)])
    }
}
