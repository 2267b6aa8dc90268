import Elasticsearch
import Glibc
import Messages
import Runtime
import Sessions

extension SessionEffects {
    /// A client of the session's target, with this worker's own login.
    static func makeClient(
        _ parts: WorkerParts, _ command: SessionCommand, _ isOurs: @escaping @Sendable () -> Bool
    ) throws -> ElasticsearchClient {
        try ElasticsearchClient(
            configuration: try parts.clusters.configuration(of: command.target), retryPolicy: parts.settings.requestRetries,
            isCancelled: { !isOurs() })
    }

    /// A client for one look, which neither repeats a request nor waits long for its answer.
    private func glance() throws -> ElasticsearchClient {
        let end = ContinuousClock.now + .seconds(5)
        return try ElasticsearchClient(
            configuration: try parts.clusters.configuration(of: command.target), retryPolicy: RetryPolicy(retries: 0),
            isCancelled: { [isOurs] in !isOurs() || ContinuousClock.now >= end })
    }

    /// - Parameter looks: whether another message may end the session meanwhile.
    func guardian(until deadline: Timestamp?, looks: Bool = true) -> HookGuard {
        HookGuard(
            deadline: deadline, isOurs: isOurs, isDraining: { [parts] in parts.isDraining },
            isHinted: { [parts, command] in looks && parts.endedSessions.take(command.id) },
            isDecided: { [self] in looks ? try isDecided() : false },
            lookFailed: { [parts, command] error in
                parts.logger.info(
                    "whether the session was ended cannot be seen, and is looked at again",
                    metadata: ["session": .string(command.id.text), "error": .string("\(error)")])
            })
    }

    private func isDecided() throws -> Bool {
        let journal: any Journal =
            switch command.kind {
            case .backup: journal
            case .restore: TargetJournal(client: try glance(), session: command.id)
            }
        return try journal.read([.outcome])[.outcome] != nil
    }

    /// Waits for a cluster that does not answer, as long as the task's `waitTimeout` says; after it the message counts as a failed try.
    ///
    /// - Parameter begin: of the session; nil where the cluster alone could tell it, which bounds the wait by the session's time from now.
    /// - Throws: `WorkerError` when the session's time is over, it was ended, or another worker is to wait.
    func waitForCluster(_ begin: BeginEntry? = nil) throws {
        guard let seconds = TaskParameters(command.taskReference).waitSeconds else { return }
        let end = waitEnd ?? .now + .seconds(seconds)
        // A session waits once, however often it comes to the cluster.
        waitEnd = end
        // A restore's journal is what is waited for.
        var guardian = guardian(
            until: begin?.deadline ?? .now() + .seconds(command.allowedSeconds), looks: command.kind == .backup)
        while true {
            do {
                _ = try glance().identity()
                return
            } catch let error as ElasticsearchError where error.isRetryable || error.code == .cancelled {
                try guardian.check()
                guard ContinuousClock.now < end else {
                    throw WorkerError(.missingHere, "the cluster did not answer within \(seconds) s: \(error)")
                }
                parts.logger.info(
                    "the cluster is waited for",
                    metadata: [
                        "session": .string(command.id.text), "seconds": .string("\(seconds)"), "error": .string(error.message),
                    ])
                _ = poll(nil, 0, 1_000)
                try guardian.check()
            }
        }
    }
}
