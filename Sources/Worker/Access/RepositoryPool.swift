package import Archive
import FoundationEssentials
package import Manifests
package import Messages
package import Runtime

/// Opens the repositories that this worker's own resources name, and no others: a message cannot make it write anywhere else, nor
/// without encryption.
///
/// The repository's identity is read anew each time: a mount that went away must not be written beneath. Its keys are opened once.
package struct RepositoryPool: Sendable {
    private let resources: ResourceSet
    private let secrets: SecretSource
    private let stores: StoreFactory
    private let keyrings = KeyringCache()
    private let clocks = ClockCheck()
    private let wrap: @Sendable (any ObjectStore) -> any ObjectStore

    /// - Parameters:
    ///   - logger: is told of calls to stores that are repeated.
    ///   - wrap: puts a store of the caller's around each.
    package init(
        resources: ResourceSet, secrets: SecretSource, logger: Logger? = nil,
        wrap: @escaping @Sendable (any ObjectStore) -> any ObjectStore = { $0 }
    ) {
        self.resources = resources
        self.secrets = secrets
        self.wrap = wrap
        stores = StoreFactory(secrets: secrets, logger: logger)
    }

    /// For a worker, which others may stand in for: as `openHere`, but a repository that is not there is missing here.
    package func open(
        _ repository: Repository, for access: RepositoryAccess = .reading, creating: Bool = false
    ) throws -> OpenRepository {
        do {
            return try openHere(repository, for: access, creating: creating)
        } catch let error as ArchiveError where error.code == .notFound && !creating {
            throw WorkerError(.missingHere, error.message)
        }
    }

    /// - Parameters:
    ///   - access: what is going to be done with it. All but reading asks for a clock that agrees with the store's.
    ///   - creating: make the repository if there is none.
    /// - Throws: `WorkerError(.missingHere)` for what another worker may have; `ArchiveError`, `.notFound` where there is no repository.
    package func openHere(
        _ repository: Repository, for access: RepositoryAccess = .reading, creating: Bool = false
    ) throws -> OpenRepository {
        guard let own = resources.repository(repository.key)?.value else {
            throw WorkerError(.missingHere, "\(repository.key) is not among this worker's resources; apply it to every worker")
        }
        guard own.spec.backend == repository.spec.backend else {
            throw WorkerError(
                .missingHere,
                "\(repository.key) has another backend here than in the message; apply the same manifest to workers and Scheduler"
            )
        }
        let protection = try RepositoryPassword(of: own, in: secrets).protection(keyrings)
        let store = wrap(try stores.store(for: own))
        if access != .reading { try clocks.check(store) }
        if creating { return try OpenRepository.create(store, protection: protection, now: Date()) }
        return try OpenRepository.open(store, protection: protection, for: access)
    }

    /// The store of a repository as it is, sealed objects and all: for what is left of one without `FORMAT`.
    package func bareStore(of repository: Repository) throws -> RepositoryStore {
        let store = wrap(try stores.store(for: repository))
        try clocks.check(store)
        return RepositoryStore(store)
    }
}
