import Archive
import Elasticsearch
import Manifests
import Messages
import Runtime
import Snapshots

/// Answers what a RestoreSession would do, from this worker's own resources. Reads only. Blocking.
struct RestoreDryRun {
    /// The asker waits 15 s: a cluster that takes longer for one of a few requests is told of instead.
    private static let answerLimit = Duration.seconds(5)

    /// In place of a session's, in names of indices.
    static let mark = "new"

    let resources: ResourceSet
    let clusters: ClusterAccess
    let repositories: RepositoryPool

    func answer(_ restore: RestoreSession) -> Reply {
        do {
            guard let target = resources.appBinding(restore.targetKey)?.value else {
                return missing(restore.targetKey, "spec.target.ref")
            }
            guard let repository = resources.repository(restore.repositoryKey)?.value else {
                return missing(restore.repositoryKey, "spec.repository")
            }
            guard resources.allows(repository, from: restore.metadata.namespace) else {
                return .refused(
                    code: .refused,
                    message:
                        "\(repository.key) may not be used from namespace \(restore.metadata.namespace); its spec.usagePolicy decides"
                )
            }
            let client = try ElasticsearchClient(
                configuration: try clusters.configuration(of: target), retryPolicy: RetryPolicy(retries: 1),
                answerLimit: Self.answerLimit)
            let store = try repositories.open(repository).store
            var task = target.task(restore.spec.task, for: .restore)
            if let found = try TaskResolution(of: restore, in: resources).task() { task = task.adding(defaultsOf: found) }
            let survey = try RestoreSurvey(restore, task: task, target: target, mark: Self.mark, client: client, store: store)
            let draft = try RestoreDraft(survey, client: client, store: store, sliceBytes: nil)
            return .restorePlan(preview: draft.preview(target: target))
        } catch let error as TaskProblem {
            return .refused(
                code: .notFound, message: "\(error.message); it has to be among the resources of the worker that answers, too")
        } catch let error as SnapshotError {
            return .refused(code: .refused, message: error.message)
        } catch let error as WorkerError where error.code == .refused {
            return .refused(code: .refused, message: error.message)
        } catch let error as WorkerError where error.code == .missingHere {
            return .refused(code: .notFound, message: error.message)
        } catch {
            return .refused(code: .failed, message: "\(error)")
        }
    }

    private func missing(_ key: ResourceKey, _ field: String) -> Reply {
        .refused(
            code: .notFound,
            message:
                "\(key) is not among the resources of the worker that answered; apply it to every worker, or name another in \(field)"
        )
    }
}
