import Elasticsearch
import Glibc
import Messages
import Runtime

extension SessionEffects {
    /// A client of the session's target, with this worker's own login.
    static func makeClient(
        _ parts: WorkerParts, _ command: SessionCommand, _ isOurs: @escaping @Sendable () -> Bool
    ) throws -> ElasticsearchClient {
        try ElasticsearchClient(
            configuration: try parts.clusters.configuration(of: command.target), retryPolicy: parts.settings.requestRetries,
            isCancelled: { !isOurs() })
    }

    /// Waits for a cluster that does not answer, as long as the task's `waitTimeout` says; after it the message counts as a failed try.
    func waitForCluster() throws {
        guard let seconds = TaskParameters(command.task).waitSeconds else { return }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            do {
                _ = try client.identity()
                return
            } catch let error as ElasticsearchError where error.isRetryable && ContinuousClock.now < deadline {
                guard isOurs(), !parts.isDraining else { throw WorkerError(.abandoned, "another worker waits for the cluster") }
                parts.logger.info(
                    "the cluster is waited for",
                    metadata: [
                        "session": .string(command.id.text), "seconds": .string("\(seconds)"), "error": .string(error.message),
                    ])
                _ = poll(nil, 0, 1_000)
            }
        }
    }
}

extension SessionCommand {
    /// What its author and the AppBinding say together.
    fileprivate var task: TaskRef? {
        switch kind {
        case .backup: target.task(configuration?.spec.task, for: .backup)
        case .restore: target.task(restore?.spec.task, for: .restore)
        }
    }
}
