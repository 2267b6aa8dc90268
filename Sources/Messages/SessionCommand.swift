package import Runtime

/// What a session does.
package enum SessionKind: String, Codable, Sendable, CaseIterable {
    case backup
    case restore
}

/// Asks the workers for one session: the payload of a BackupSession or RestoreSession message.
///
/// It carries everything a worker needs but the secrets, which it only names. Two commands with the same `id` and another `request`
/// are two different requests under one name: the second is refused ("id in use").
package struct SessionCommand: Codable, Sendable, Equatable {
    /// Stash's kind of this request: `BackupSession` or `RestoreSession`.
    package var kind: SessionKind
    package var id: SessionID
    /// Stash's object name, `<invoker>-<unix seconds>`, and its namespace.
    package var name: String
    package var namespace: String
    package var requestedAt: Timestamp
    /// A session that no worker has begun by then fails as Expired. Nil: never expires.
    package var notAfter: Timestamp?
    /// Seconds after the begin at which the session is aborted (Stash's `timeOut`). Nil: 24 hours.
    package var timeOutSeconds: Int?
    /// How often the Scheduler asks for the backup again should this try fail (Stash's `spec.retryLeft`). Nil: not again.
    package var retryLeft: Int?
    /// The cluster. Its secret is named, never carried.
    package var target: AppBinding
    /// Where the snapshot goes to or comes from. Its secret is named, never carried.
    package var repository: Repository
    /// What is backed up and how. Present in a backup, where it is the invoker.
    package var configuration: BackupConfiguration?
    /// What is restored and how. Present in a restore, where it is the invoker.
    package var restore: RestoreSession?
    /// The batch's session that this one is a member of. Nil: it is one of its own.
    package var parent: ParentSession?
    /// What its Task adds to the built-in one. Nil: there is no manifest of it, or none is needed.
    package var task: SessionTask?
    /// Of a restore that was confirmed: the hash of what it would do (`RestorePreview.essence`). A worker that plans something else refuses it.
    package var planHash: String?

    package init(
        kind: SessionKind, id: SessionID, name: String, namespace: String, requestedAt: Timestamp, notAfter: Timestamp? = nil,
        timeOutSeconds: Int? = nil, target: AppBinding, repository: Repository, configuration: BackupConfiguration? = nil,
        restore: RestoreSession? = nil, parent: ParentSession? = nil
    ) {
        self.kind = kind
        self.id = id
        self.name = name
        self.namespace = namespace
        self.requestedAt = requestedAt
        self.notAfter = notAfter
        self.timeOutSeconds = timeOutSeconds
        self.target = target
        self.repository = repository
        self.configuration = configuration
        self.restore = restore
        self.parent = parent
    }

    /// What was asked for, without when: the same for a trigger that is delivered twice and for two Schedulers at one slot.
    package var request: SessionCommand {
        var request = self
        request.name = ""
        request.requestedAt = Timestamp(secondsSinceEpoch: 0)
        request.notAfter = nil
        // A batch's time is its members' together: what is left of it depends on when a member's turn comes.
        if parent != nil { request.timeOutSeconds = nil }
        return request
    }

    /// Seconds from the begin to the abort: `timeOutSeconds` held between a second and a year, since a message may ask for anything, or
    /// 24 hours. Every session has a deadline.
    package var allowedSeconds: Int { timeOutSeconds.map { min(max($0, 1), 366 * 86_400) } ?? 24 * 3600 }

    /// Stash's kind and name of what asked for the session: a BackupConfiguration, a RestoreSession, or a batch of either.
    package var invoker: Invoker {
        if let parent { return Invoker(kind: kind == .backup ? "BackupBatch" : "RestoreBatch", name: parent.batch) }
        if let configuration { return Invoker(kind: "BackupConfiguration", name: configuration.metadata.name) }
        return Invoker(kind: "RestoreSession", name: restore?.metadata.name ?? name)
    }
}

/// The object that asked for a session, as Stash's `spec.invoker` names it.
package struct Invoker: Codable, Sendable, Hashable {
    package var kind: String
    package var name: String

    package init(kind: String, name: String) {
        self.kind = kind
        self.name = name
    }
}
