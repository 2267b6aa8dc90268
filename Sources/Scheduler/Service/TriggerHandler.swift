import AMQP
import Bus
import Manifests
import Messages
import Runtime

/// Answers what reaches the trigger queue: triggers, manifests to apply, queries.
struct TriggerHandler: Sendable {
    let folder: ResourceFolder
    let starter: SessionStarter
    let ledger: Ledger

    /// - Throws: what may succeed later; `PoisonError` for what cannot be understood.
    func handle(_ delivery: Delivery) async throws {
        let replyTo = try delivery.replyTo()
        let (answer, id) = try await answer(delivery)
        guard let reply = answer, let replyTo else { return }
        var message = try starter.envelope.message(
            .reply, id: "\(id)/reply", session: nil, payload: reply, to: "", key: replyTo, mandatory: false)
        message.properties.correlationID = delivery.properties.correlationID ?? id
        do {
            try await Failpoints.around(.schedulerReply) {
                if let refusal = try await starter.publisher.announce([message]) { throw refusal }
            }
        } catch let error as AMQPError where !error.isRetryable || error.code == .nacked {
            // What was asked is done; its asker cannot be told, now or later, and those behind must not wait.
            starter.logger.warning("an answer was refused by the broker", metadata: ["error": .string(error.message)])
        }
    }

    /// - Returns: no answer where others answer.
    func answer(_ delivery: Delivery) async throws -> (Reply?, id: String) {
        switch delivery.messageType {
        case .apply:
            let event = try delivery.event(ApplyRequest.self, types: [.apply])
            try delivery.requireKey(RoutingKey.apply)
            return (try await apply(event.data), event.id)
        case .query:
            let event = try delivery.event(Query.self, types: [.query])
            try delivery.requireKey(event.data.routingKey)
            return (try await answer(event.data), event.id)
        case .cancel:
            let event = try delivery.event(CancelRequest.self, types: [.cancel])
            try delivery.requireKey(RoutingKey.triggerCancel(event.data.session))
            return (try await SessionCancel(ledger: ledger, starter: starter).order(event.data), event.id)
        default:
            let event = try delivery.event(Trigger.self, types: [.trigger])
            try delivery.requireKey(event.data.subject.routingKey)
            return (try await start(event), event.id)
        }
    }

    private func start(_ event: CloudEvent<Trigger>) async throws -> Reply {
        let factory = SessionFactory(resources: await folder.resources(), now: .now())
        let key = event.data.idempotencyKey.map(SessionFactory.Key.given) ?? .event(source: event.source, id: event.id)
        guard event.data.idempotencyKey != "" else {
            return .refused(
                code: .invalid, message: "the idempotency key is empty; give each request one of its own, or leave it out")
        }
        switch event.data.subject {
        case .backup(let namespace, let name, let kind):
            return try await starter.start(try factory.plan(namespace: namespace, name: name, kind: kind, key: key))
        case .restoreBatch(let batch): return try await starter.start(try factory.restore(batch, key: key))
        case .restore(let restore):
            return try await starter.start(try factory.restore(restore, key: key, planHash: event.data.planHash))
        case .restoreSession(let namespace, let name):
            return try await starter.start(try factory.restore(namespace: namespace, name: name, key: key))
        }
    }

    private func answer(_ query: Query) async throws -> Reply {
        switch query {
        case .repositories: return .repositories(manifests: await folder.resources().repositories.map(\.value))
        case .sessions(let limit):
            var statuses: [StatusEvent] = []
            for session in try await ledger.sessions(limit: min(max(limit, 1), 1000)) {
                if let status = StatusEvent(session, indices: try await ledger.indices(of: session.id)) {
                    statuses.append(status)
                }
            }
            return .sessions(statuses: statuses)
        case .resources(let kind, let namespace, let name):
            return try await ResourceView(ledger: ledger, folder: folder)
                .answer(kind: kind, namespace: namespace, name: name, at: .now())
        case .rebuildLedger:
            try await ledger.askForRebuild(now: .now())
            let repositories = await folder.resources().repositories.map(\.value.metadata)
            return .rebuilding(repositories: repositories.map { "\($0.namespace)/\($0.name)" })
        case .snapshots, .snapshot, .restorePlan, .check, .finals:
            return .refused(code: .invalid, message: "a Scheduler touches neither storage nor clusters; ask the workers")
        }
    }
}

extension StatusEvent {
    /// Nil for a session of which only stray progress is known.
    init?(_ session: LedgerSession, indices: [LedgerIndex]) {
        guard let identity = session.identity, let id = SessionID(session.id) else { return nil }
        let unnamed = Condition(type: "", reason: "", message: "", lastTransitionTime: session.createdAt)
        self.init(
            session: id, kind: identity.kind, name: identity.name, namespace: identity.namespace, invoker: identity.invoker,
            repository: identity.repository, target: identity.target, requestedAt: session.createdAt, failure: unnamed)
        phase = session.phase
        source = session.source
        startedAt = session.startedAt
        finishedAt = session.finishedAt
        snapshot = session.snapshot.flatMap { SnapshotID($0) }
        self.indices = indices.map {
            IndexResult(
                name: $0.name, expectedDocuments: $0.totalDocuments, documents: $0.documents, bytes: $0.bytes,
                storedBytes: $0.storedBytes)
        }
        conditions = session.conditions
        error = session.error
        parent = identity.parent
        retried = session.retriedAs.map { _ in true }
        nextRetry = session.nextRetry
    }
}
