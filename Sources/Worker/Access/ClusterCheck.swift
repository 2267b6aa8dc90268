import Elasticsearch
import Manifests
import Messages
import Runtime

/// Answers `sheaf check`: tries an AppBinding of this worker out.
struct ClusterCheck {
    /// Of each request: the asker waits 15 seconds for all of them.
    private static let answerLimit = Duration.seconds(3)

    let resources: ResourceSet
    let clusters: ClusterAccess
    let worker: String

    /// - Throws: `WorkerError`, `.missingHere` when this worker has no such AppBinding.
    func report(namespace: String, name: String) throws -> ClusterReport {
        let key = ResourceKey(kind: .appBinding, namespace: namespace, name: name)
        guard let binding = resources.appBinding(key)?.value else {
            throw WorkerError(.refused, "\(key) is not among the resources of worker \(worker); apply it to every worker")
        }
        return ClusterReport(name: name, namespace: namespace, worker: worker, findings: findings(of: binding))
    }

    private func findings(of binding: AppBinding) -> [ClusterReport.Finding] {
        do {
            let client = try ElasticsearchClient(
                configuration: try clusters.configuration(of: binding), retryPolicy: RetryPolicy(retries: 0),
                answerLimit: Self.answerLimit)
            return ClusterExamination(client: client).findings().map { finding in
                let verdict: ClusterReport.Finding.Verdict =
                    switch finding.verdict {
                    case .fine: .fine
                    case .warning: .warning
                    case .problem: .problem
                    }
                return ClusterReport.Finding(finding.subject, verdict, finding.message)
            }
        } catch {
            return [ClusterReport.Finding("resource", .problem, "\(error)")]
        }
    }
}
