package import Messages
package import Runtime

/// A session in a list.
package struct SessionSummary: Codable, Sendable, Equatable {
    package var id: String
    package var kind: SessionKind
    /// Stash's object name.
    package var name: String
    package var namespace: String
    /// The BackupConfiguration or RestoreSession.
    package var invoker: Invoker
    package var repository: String
    package var target: String
    package var phase: Phase
    package var requestedAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// Stored, or loaded.
    package var documents: Int
    /// 0 while unknown.
    package var totalDocuments: Int
    package var bytes: Int
    package var storedBytes: Int
    package var snapshot: String?
    /// Why it is Failed or Skipped, whole.
    package var error: String?
    /// The session of the batch that it is a member of.
    package var parent: String?

    package init(
        id: String, kind: SessionKind, name: String, namespace: String, invoker: Invoker, repository: String, target: String,
        phase: Phase, requestedAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.invoker = invoker
        self.repository = repository
        self.target = target
        self.phase = phase
        self.requestedAt = requestedAt
        documents = 0
        totalDocuments = 0
        bytes = 0
        storedBytes = 0
    }

    /// From the start, or from the request when it never started, to the end, or to `now`.
    package func duration(at now: Timestamp) -> Duration { max(.zero, (finishedAt ?? now) - (startedAt ?? requestedAt)) }
}

/// One session whole.
package struct SessionDetail: Codable, Sendable, Equatable {
    package var session: SessionSummary
    package var indices: [IndexResult]
    package var conditions: [Condition]
    /// The latest word of a worker.
    package var lastProgressAt: Timestamp?
    /// Passed without an end, it is called Failed.
    package var deadline: Timestamp?
    /// Retries that are left should it fail.
    package var retryLeft: Int?
    /// When another session is to follow this failed one.
    package var nextRetry: Timestamp?
    /// The session that followed this failed one.
    package var retriedAs: String?
    /// Of the session of a batch, its members' sessions, in the manifest's order.
    package var members: [SessionSummary]?
    /// What it waits for, in a sentence; nil when it has ended or works.
    package var waitsFor: String?

    package init(session: SessionSummary, indices: [IndexResult], conditions: [Condition]) {
        self.session = session
        self.indices = indices
        self.conditions = conditions
    }
}

/// A page of sessions, newest first.
package struct SessionPage: Codable, Sendable, Equatable {
    package var sessions: [SessionSummary]
    /// What to give as `cursor` for the page after; nil: there is none.
    package var next: String?

    package init(sessions: [SessionSummary], next: String?) {
        self.sessions = sessions
        self.next = next
    }
}
