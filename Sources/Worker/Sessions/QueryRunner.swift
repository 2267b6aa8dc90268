import AMQP
import Archive
import Bus
import Messages
import Runtime
import Sessions

/// Answers what only a worker can know: what is in a repository.
struct QueryRunner {
    private let parts: WorkerParts
    private let delivery: Delivery

    init(_ parts: WorkerParts, delivery: Delivery) {
        self.parts = parts
        self.delivery = delivery
    }

    func run() async {
        do {
            guard let replyTo = delivery.properties.replyTo, replyTo.hasPrefix("sheaf.reply.") || !replyTo.hasPrefix("sheaf.")
            else {
                throw PoisonError("a query needs a reply_to that is no queue of Sheaf's own")
            }
            let event = try delivery.event(Query.self, types: [.query])
            let reply = answer(event.data)
            let message = try parts.envelope.message(
                .reply, id: "\(event.id)/reply", session: nil, payload: reply, to: "", key: replyTo, mandatory: false)
            try await parts.publisher.publish(message)
            try await delivery.ack()
        } catch let error as PoisonError {
            await bury(error.message)
        } catch {
            parts.logger.error("a query could not be answered", metadata: ["error": .string("\(error)")])
            // Once, to whoever is next; after that its asker has given up.
            await giveBack(keeping: !delivery.isRedelivered)
        }
    }

    /// Left unsettled it would be this worker's last query.
    private func giveBack(keeping isKept: Bool) async {
        guard delivery.isSettleable else { return }
        do {
            if !isKept {
                try await delivery.ack()
            } else {
                try await delivery.nack(requeue: true)
            }
        } catch {
            // Its connection is gone, which gives it back as well.
            parts.logger.debug("a query could not be given back", metadata: ["error": .string("\(error)")])
        }
    }

    private func answer(_ query: Query) -> Reply {
        do {
            switch query {
            case .snapshots(let repository):
                let store = try parts.repositories.open(repository, creating: false).store
                return .snapshots(summaries: try SnapshotCatalog(store: store).snapshots().map(\.summary))
            case .snapshot(let repository, let id):
                let store = try parts.repositories.open(repository, creating: false).store
                return .snapshot(summary: try SnapshotCatalog(store: store).snapshot(id).summary)
            case .sessions, .repositories:
                return .refused(code: .invalid, message: "a worker knows snapshots only; ask a Scheduler")
            }
        } catch let error as ArchiveError where error.code == .notFound {
            return .refused(code: .notFound, message: error.message)
        } catch let error as WorkerError {
            return .refused(code: error.code == .refused ? .notFound : .failed, message: error.message)
        } catch {
            return .refused(code: .failed, message: "\(error)")
        }
    }

    private func bury(_ reason: String) async {
        do {
            try await parts.publisher.publish(parts.envelope.deadLetter(delivery, reason: reason))
            try await delivery.ack()
        } catch {
            parts.logger.error("a dead letter could not be published", metadata: ["error": .string("\(error)")])
            // After its delivery limit the broker makes a dead letter of it.
            await giveBack(keeping: true)
        }
    }
}
