package import Messages
package import Runtime

/// A session as the ledger knows it: what it is, where it stands and how far it is.
package struct LedgerSession: Equatable, Sendable {
    /// What the session belongs to; the same in all its events.
    package struct Identity: Equatable, Sendable {
        package var kind: SessionKind
        /// Stash's object name, for example `nightly-1795471200`.
        package var name: String
        package var namespace: String
        /// A BackupConfiguration, a RestoreSession, or a batch of either.
        package var invoker: Invoker
        package var repository: String
        package var target: String
        /// Of a member of a batch's session.
        package var parent: ParentSession?

        package init(
            kind: SessionKind, name: String, namespace: String, invoker: Invoker, repository: String, target: String,
            parent: ParentSession? = nil
        ) {
            self.kind = kind
            self.name = name
            self.namespace = namespace
            self.invoker = invoker
            self.repository = repository
            self.target = target
            self.parent = parent
        }
    }

    package var id: String
    /// Nil when only progress has arrived so far.
    package var identity: Identity?
    package var phase: Phase
    /// Who says so: the ledger keeps what the highest said.
    package var source: PhaseSource
    /// The moment asked for, or that of the first event when the request is not known.
    package var createdAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// The latest event of a worker: what tells a slow session from a dead one.
    package var lastProgressAt: Timestamp?
    /// The last time the session message was published again.
    package var lastRescueAt: Timestamp?
    /// Passed without an end, the Scheduler may guess Failed.
    package var deadline: Timestamp?
    package var snapshot: String?
    /// Documents that are stored, or loaded.
    package var documents: Int
    /// Documents there are to do, 0 while unknown.
    package var totalDocuments: Int
    /// Bytes of bulk-ready NDJSON.
    package var bytes: Int
    /// Bytes in the repository.
    package var storedBytes: Int
    package var error: String?
    package var conditions: [Condition]
    /// How often the backup may be asked for again should this session fail; nil means not again.
    package var retryLeft: Int?
    /// When another session is to follow this failed one, or was.
    package var nextRetry: Timestamp?
    /// The session that followed this failed one.
    package var retriedAs: String?
    /// When workers may have come to know it.
    package var publishedAt: Timestamp?
    /// Whether it is Pending by design: its target is another session's.
    package var isWaitingForTarget: Bool

    /// From the start, or from the request when it never started, to the end.
    package var duration: Duration? {
        finishedAt.map { max(.zero, $0 - (startedAt ?? createdAt)) }
    }
}

/// One index of a session.
package struct LedgerIndex: Equatable, Sendable {
    package var name: String
    package var documents: Int
    package var totalDocuments: Int
    package var bytes: Int
    package var storedBytes: Int

    package init(name: String, documents: Int, totalDocuments: Int, bytes: Int, storedBytes: Int) {
        self.name = name
        self.documents = documents
        self.totalDocuments = totalDocuments
        self.bytes = bytes
        self.storedBytes = storedBytes
    }
}
