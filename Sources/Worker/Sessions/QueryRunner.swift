import AMQP
import Archive
import Bus
import Messages
import Runtime
import Sessions
import Snapshots

/// Answers what only a worker can know: what is in a repository.
struct QueryRunner {
    private let parts: WorkerParts
    private let delivery: Delivery

    init(_ parts: WorkerParts, delivery: Delivery) {
        self.parts = parts
        self.delivery = delivery
    }

    func run() async {
        await DeliveryHandler(parts, delivery: delivery).run {
            guard let replyTo = try delivery.replyTo() else { throw PoisonError("a query needs a reply_to") }
            let event = try delivery.event(Query.self, types: [.query])
            let reply = answer(event.data)
            var message = try parts.envelope.message(
                .reply, id: "\(event.id)/reply", session: nil, payload: reply, to: "", key: replyTo, mandatory: false)
            message.properties.correlationID = delivery.properties.correlationID ?? event.id
            // An asker whose queue refuses the answer has asked in vain.
            try await parts.publisher.announce([message])
            try await delivery.ack()
        }
    }

    private func answer(_ query: Query) -> Reply {
        do {
            switch query {
            case .snapshots(let repository):
                let store = try parts.repositories.open(repository).store
                let found = try SnapshotCatalog(store: store, memory: parts.catalogMemory).look()
                let damaged = found.damages.map { SnapshotSummary(damaged: $0, in: repository, cause: $1) }
                return .snapshots(summaries: found.records.map(\.summary) + damaged.sorted { $0.id < $1.id })
            case .snapshot(let repository, let id):
                let store = try parts.repositories.open(repository).store
                return .snapshot(summary: try SnapshotCatalog(store: store).record(id).summary)
            case .check(let namespace, let name):
                let check = ClusterCheck(resources: parts.resources, clusters: parts.clusters, worker: parts.settings.name)
                return .check(report: try check.report(namespace: namespace, name: name))
            case .restorePlan(let restore):
                return RestoreDryRun(resources: parts.resources, clusters: parts.clusters, repositories: parts.repositories)
                    .answer(restore)
            case .finals(let repository, let before, let limit):
                return FinalsQuery(repositories: parts.repositories).answer(repository, before: before, limit: limit)
            case .sessions, .repositories, .resources, .rebuildLedger:
                return .refused(code: .invalid, message: "a worker knows snapshots only; ask a Scheduler")
            }
        } catch let error as ArchiveError where error.code == .notFound {
            return .refused(code: .notFound, message: error.message)
        } catch let error as SnapshotError {
            return .refused(code: error.code == .notFound ? .notFound : .refused, message: error.message)
        } catch let error as WorkerError {
            return .refused(code: [.refused, .missingHere].contains(error.code) ? .notFound : .failed, message: error.message)
        } catch {
            return .refused(code: .failed, message: "\(error)")
        }
    }
}
