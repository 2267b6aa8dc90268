package import AMQP
package import Archive
import Bus
package import Manifests
import Messages
package import Runtime
import Sessions
import Snapshots

/// What all deliveries of one worker process share.
package final class WorkerParts: Sendable {
    let settings: WorkerSettings
    let resources: ResourceSet
    let secrets: SecretSource
    let clusters: ClusterAccess
    let repositories: RepositoryPool
    let spool: Spool
    let publisher: MessagePublisher
    /// A service to run beside the worker's own, and to stop after it.
    package let outbox: EventOutbox
    let envelope: Envelope
    let logger: Logger
    let manifests = ManifestCache()
    let catalogMemory = CatalogMemory()
    let loadGates = LoadGates()
    let doneSlices = DoneSlices()
    let pageSizes = PageSizes()
    let endedSessions = EndedSessions()
    let upkeep: Upkeep
    private let draining = Lock(false)

    package init(
        settings: WorkerSettings, resources: ResourceSet, repositories: RepositoryPool? = nil, secrets: SecretSource,
        spool: Spool, broker: BrokerAddress, logger: Logger
    ) {
        self.settings = settings
        self.resources = resources
        self.secrets = secrets
        self.clusters = ClusterAccess(resources: resources, secrets: secrets)
        let repositories = repositories ?? RepositoryPool(resources: resources, secrets: secrets, logger: logger)
        self.repositories = repositories
        upkeep = Upkeep(repositories: repositories, grace: settings.collectionGrace, logger: logger)
        self.spool = spool
        self.logger = logger
        publisher = MessagePublisher(address: broker, name: "sheaf-worker \(settings.name) publish")
        envelope = Envelope(source: "/sheaf/worker/\(settings.name)", appID: "sheaf-worker")
        outbox = EventOutbox(
            publisher: MessagePublisher(address: broker, name: "sheaf-worker \(settings.name) events"), logger: logger)
    }

    /// Units at work end at their next page.
    var isDraining: Bool { draining.withLock { $0 } }

    func drain() {
        draining.withLock { $0 = true }
        upkeep.stop()
    }
}
