import Manifests
import Messages
import Runtime

extension ScheduleTicker {
    /// A failed session, or a batch's as a whole, that may be tried again.
    private struct Failed {
        /// The batch as one session.
        var session: LedgerSession
        /// What the ledger notes it of: the session, or the members that failed.
        var rows: [LedgerSession]
        var plan: PlanName
    }

    /// Stash tries a whole session again, so a batch's is again one of all members.
    func retry(_ resources: ResourceSet, _ book: ScheduleBook, _ now: Timestamp) async throws {
        for failed in try await failedSessions() {
            let session = failed.session
            let made = try SessionFactory(resources: resources, now: now).session(
                of: failed.plan, key: .retry(of: session.id), notAfter: book.nextRun(of: failed.plan, after: now),
                retryLeft: max((session.retryLeft ?? 0) - 1, 0))
            // By another Scheduler, or by this one before it was killed or the broker refused.
            if let id = made.session, let askedAt = try await moment(of: made) {
                try await ledger.note(.init(at: session.nextRetry ?? askedAt, session: id.text), of: failed.rows, now: now)
                continue
            }
            let decision = Retry.decision(
                on: session, of: resources.plan(failed.plan)?.retryConfig, isSuperseded: try await ledger.isSuperseded(session),
                now: now)
            switch decision {
            case .never: try await ledger.note(.init(session: ""), of: failed.rows, now: now)
            case .later(let due):
                guard session.nextRetry != due else { continue }
                try await ledger.note(.init(at: due), of: failed.rows, now: now)
                logger.notice(
                    "a failed session will be tried again",
                    metadata: ["session": .string(session.id), "nextRetry": .string(due.description)])
            case .now(let retryLeft):
                let retry: SessionID
                switch try await starter.start(made) {
                case .accepted(let id): retry = id
                case .acceptedBatch(let parent, _): retry = parent
                default:
                    // Another Scheduler has made its retry by other manifests.
                    try await ledger.note(.init(session: ""), of: failed.rows, now: now)
                    continue
                }
                try await ledger.note(.init(at: session.nextRetry ?? now, session: retry.text), of: failed.rows, now: now)
                logger.notice(
                    "a failed session is tried again",
                    metadata: [
                        "session": .string(session.id), "retry": .string(retry.text), "retryLeft": .string("\(retryLeft)"),
                    ])
            }
        }
    }

    /// Batches that have not ended are left for later, and each batch is there once.
    private func failedSessions() async throws -> [Failed] {
        var (found, seen): ([Failed], Set<SessionID>) = ([], [])
        for session in try await ledger.sessionsToRetry() {
            guard let identity = session.identity else { continue }
            guard let parent = identity.parent else {
                let plan = PlanName(namespace: identity.namespace, name: identity.invoker.name)
                found.append(Failed(session: session, rows: [session], plan: plan))
                continue
            }
            guard seen.insert(parent.id).inserted, let batch = try await ledger.batch(parent.id.text), batch.phase.isFinal,
                let whole = batch.session
            else { continue }
            let plan = PlanName(kind: .backupBatch, namespace: identity.namespace, name: identity.invoker.name)
            found.append(Failed(session: whole, rows: batch.members.filter { $0.phase == .failed }, plan: plan))
        }
        return found
    }

    /// When what would be made was asked for, nil where it was not.
    private func moment(of made: SessionFactory.Made) async throws -> Timestamp? {
        guard let id = made.session?.text else { return nil }
        if case .batch = made { return try await ledger.batch(id)?.session?.createdAt }
        guard let session = try await ledger.session(id), session.identity != nil else { return nil }
        return session.createdAt
    }
}

extension SessionFactory {
    /// A session of a plan whose kind is known.
    func session(of plan: PlanName, key: Key, notAfter: Timestamp?, retryLeft: Int? = nil) throws -> Made {
        plan.kind == .backupBatch
            ? try batch(namespace: plan.namespace, name: plan.name, key: key, notAfter: notAfter, retryLeft: retryLeft)
            : try backup(namespace: plan.namespace, name: plan.name, key: key, notAfter: notAfter, retryLeft: retryLeft)
    }
}
