import Archive
import Elasticsearch
import Manifests
import Messages
import Runtime
import Sessions

/// Finds the journal of a session of which only the id is known, in the repositories and clusters of this worker's own resources.
///
/// The journal's first entry says all that is needed to end the session. Blocking.
struct SessionFinder {
    enum Result {
        case found(SessionCommand)
        /// Nothing here knows it; what could not be looked into, in sentences.
        case unknown(unreachable: [String])
    }

    private let resources: ResourceSet
    private let clusters: ClusterAccess
    private let repositories: RepositoryPool
    private let isCancelled: @Sendable () -> Bool

    init(_ parts: WorkerParts, isCancelled: @escaping @Sendable () -> Bool) {
        resources = parts.resources
        clusters = parts.clusters
        repositories = parts.repositories
        self.isCancelled = isCancelled
    }

    func find(_ session: SessionID) -> Result {
        var unreachable: [String] = []
        for repository in resources.repositories.map(\.value) {
            do {
                let store = try repositories.open(repository, creating: false).store
                if let command = try command(in: ArchiveJournal(store: store, session: session)) { return .found(command) }
            } catch {
                unreachable.append("\(repository.key): \(error)")
            }
        }
        for binding in resources.appBindings.map(\.value) {
            do {
                let client = try ElasticsearchClient(
                    configuration: try clusters.configuration(of: binding), retryPolicy: RetryPolicy(retries: 0),
                    isCancelled: isCancelled)
                if let command = try command(in: TargetJournal(client: client, session: session)) { return .found(command) }
            } catch {
                unreachable.append("\(binding.key): \(error)")
            }
        }
        return .unknown(unreachable: unreachable)
    }

    private func command(in journal: any Journal) throws -> SessionCommand? {
        guard case .begin(let begin)? = try journal.read([.begin])[.begin] else { return nil }
        return begin.command
    }
}
