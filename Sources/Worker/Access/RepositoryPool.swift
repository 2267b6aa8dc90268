import Archive
import FoundationEssentials
package import Manifests
import Messages
import Runtime

/// Opens the repositories that this worker's own resources name, and no others: a message cannot make it write anywhere else.
package final class RepositoryPool: Sendable {
    private let resources: ResourceSet
    /// A repository's identity never changes, so it is opened once.
    private let opened = Lock<[String: OpenRepository]>([:])

    package init(resources: ResourceSet) { self.resources = resources }

    /// - Throws: `WorkerError`, `ArchiveError`.
    func open(_ repository: Repository, creating: Bool) throws -> OpenRepository {
        guard let own = resources.repository(repository.key)?.value else {
            throw WorkerError(.missingHere, "\(repository.key) is not among this worker's resources; apply it to every worker")
        }
        guard own.spec.backend == repository.spec.backend else {
            throw WorkerError(
                .refused,
                "\(repository.key) has another backend here than in the message; apply the same manifest to workers and Scheduler"
            )
        }
        guard case .local(let local) = repository.spec.backend.provider else {
            throw WorkerError(.refused, "\(repository.key) has a backend that this version cannot use; use spec.backend.local")
        }
        let path = [local.mountPath, local.subPath ?? ""].filter { !$0.isEmpty }.joined(separator: "/")
        if let known = opened.withLock({ $0[path] }) { return known }
        let store = try LocalStore(path)
        let repository =
            try creating
            ? OpenRepository.create(store, now: Date()) : OpenRepository.open(store, for: .reading)
        opened.withLock { $0[path] = repository }
        return repository
    }
}
