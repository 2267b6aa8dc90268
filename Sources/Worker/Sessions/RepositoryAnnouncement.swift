import AMQP
import Archive
import Bus
import Messages
import Runtime
import Sessions
import Snapshots

/// Tells how a Repository is after a backup that has committed. Nobody waits for it, and no session fails over it. Blocking.
struct RepositoryAnnouncement {
    let parts: WorkerParts
    let command: SessionCommand
    let repository: OpenRepository

    /// Posts the event where what is published is the end of a backup that made a snapshot.
    func post(with publications: [Handling.Publication]) {
        let isCommitted = publications.contains { publication in
            if case .final(let final) = publication { final.status.snapshot != nil } else { false }
        }
        guard command.kind == .backup, isCommitted else { return }
        do {
            parts.outbox.post(try message())
        } catch {
            parts.logger.warning(
                "the status of a repository could not be told",
                metadata: ["repository": .string("\(command.repository.key)"), "error": .string("\(error)")])
        }
    }

    func message() throws -> OutgoingMessage {
        guard let id = RepositoryID(repository.id) else {
            throw WorkerError(
                .refused, "FORMAT in \(repository.store.location) has \"\(repository.id)\" as its id, which is none")
        }
        let (name, namespace) = (command.repository.metadata.name, command.repository.metadata.namespace)
        let catalog = SnapshotCatalog(store: repository.store, memory: parts.catalogMemory)
        let event = RepositoryEvent(
            name: name, namespace: namespace, repository: id, status: try RepositoryStatus(of: catalog),
            worker: parts.settings.name, time: .now())
        return try parts.envelope.message(
            .repository, id: "\(command.id)/repository", session: command.id, payload: event, to: Topology.event,
            key: RoutingKey.repository(name), mandatory: false)
    }
}
