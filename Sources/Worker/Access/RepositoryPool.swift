import Archive
import FoundationEssentials
package import Manifests
import Messages

/// Opens the repositories that this worker's own resources name, and no others: a message cannot make it write anywhere else.
///
/// The repository's identity is read anew each time: a mount that went away must not be written beneath.
package struct RepositoryPool: Sendable {
    private let resources: ResourceSet

    package init(resources: ResourceSet) { self.resources = resources }

    /// - Parameter creating: make the repository if there is none.
    /// - Throws: `WorkerError(.missingHere)` for what another worker may have; `ArchiveError`.
    func open(_ repository: Repository, creating: Bool) throws -> OpenRepository {
        guard let own = resources.repository(repository.key)?.value else {
            throw WorkerError(.missingHere, "\(repository.key) is not among this worker's resources; apply it to every worker")
        }
        guard own.spec.backend == repository.spec.backend else {
            throw WorkerError(
                .missingHere,
                "\(repository.key) has another backend here than in the message; apply the same manifest to workers and Scheduler"
            )
        }
        guard case .local(let local) = own.spec.backend.provider else {
            throw WorkerError(.refused, "\(repository.key) has a backend that this version cannot use; use spec.backend.local")
        }
        let path = [local.mountPath, local.subPath ?? ""].filter { !$0.isEmpty }.joined(separator: "/")
        let store = try LocalStore(path)
        if creating { return try OpenRepository.create(store, now: Date()) }
        do throws(ArchiveError) {
            return try OpenRepository.open(store, for: .writing)
        } catch {
            guard error.code == .notFound else { throw error }
            throw WorkerError(.missingHere, error.message)
        }
    }
}
