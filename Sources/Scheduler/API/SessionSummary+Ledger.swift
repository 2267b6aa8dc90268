import API
import Messages
import Runtime

extension SessionSummary {
    /// Nil for a session of which only stray progress is known.
    init?(_ session: LedgerSession) {
        guard let identity = session.identity else { return nil }
        self.init(
            id: session.id, kind: identity.kind, name: identity.name, namespace: identity.namespace, invoker: identity.invoker,
            repository: identity.repository, target: identity.target, phase: session.phase, requestedAt: session.createdAt)
        startedAt = session.startedAt
        finishedAt = session.finishedAt
        documents = session.documents
        totalDocuments = session.totalDocuments
        bytes = session.bytes
        storedBytes = session.storedBytes
        snapshot = session.snapshot
        error = session.error
    }
}

extension SessionDetail {
    init?(_ session: LedgerSession, indices: [LedgerIndex]) {
        guard let summary = SessionSummary(session) else { return nil }
        self.init(
            session: summary,
            indices: indices.map {
                IndexResult(
                    name: $0.name, expectedDocuments: $0.totalDocuments, documents: $0.documents, bytes: $0.bytes,
                    storedBytes: $0.storedBytes)
            }, conditions: session.conditions)
        lastProgressAt = session.lastProgressAt
        deadline = session.deadline
        retryLeft = session.retryLeft
        nextRetry = session.nextRetry
        retriedAs = session.retriedAs
        waitsFor = Self.reason(of: session)
    }

    /// What a session that has not begun waits for.
    private static func reason(of session: LedgerSession) -> String? {
        guard session.phase == .pending else { return nil }
        if session.isWaitingForTarget { return "for its target, which another session uses" }
        return session.publishedAt == nil ? "for the broker to take its message" : "for a worker to begin it"
    }
}
