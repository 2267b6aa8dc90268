import Elasticsearch
import Messages

extension SessionEffects {
    /// A client of the session's target, with this worker's own login.
    static func makeClient(
        _ parts: WorkerParts, _ command: SessionCommand, _ isOurs: @escaping @Sendable () -> Bool
    ) throws -> ElasticsearchClient {
        try ElasticsearchClient(
            configuration: try parts.clusters.configuration(of: command.target), retryPolicy: parts.settings.requestRetries,
            isCancelled: { !isOurs() })
    }
}
