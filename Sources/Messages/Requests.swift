package import Runtime

/// Asks the Scheduler to start a session: what `sheaf backup` and outside systems publish to the trigger exchange.
package struct Trigger: Codable, Sendable, Equatable {
    package enum Subject: Codable, Sendable, Equatable {
        /// Run this plan now: a BackupConfiguration or a BackupBatch.
        ///
        /// `kind` says which, where there are both of that name.
        case backup(namespace: String, name: String, kind: String? = nil)
        /// Run this RestoreSession manifest, which the message carries whole.
        case restore(manifest: RestoreSession)
        /// Run this RestoreBatch manifest, which the message carries whole.
        case restoreBatch(manifest: RestoreBatch)
        /// Run the RestoreSession, or the RestoreBatch, of this name that is among the Scheduler's resources.
        case restoreSession(namespace: String, name: String)
    }

    package var subject: Subject
    /// The same key is the same session. Nil: the event's own source and id are the key.
    package var idempotencyKey: String?
    /// Of a restore by its manifest: it starts only what this hash was told for. Nil: whatever it comes to.
    package var planHash: String?

    package init(subject: Subject, idempotencyKey: String? = nil, planHash: String? = nil) {
        self.subject = subject
        self.idempotencyKey = idempotencyKey
        self.planHash = planHash
    }
}

/// Asks that a session be ended: Failed with the condition Cancelled, unless it has ended already.
///
/// An outsider names the session alone; a worker then looks for its journal in the repositories and clusters of its own resources. A
/// Scheduler adds the command, so that a session that no worker has begun yet is ended too.
package struct CancelRequest: Codable, Sendable, Equatable {
    package var session: SessionID
    /// Why, in a sentence for the session's status. Nil: "cancelled on request".
    package var reason: String?
    /// The session's own message, where it is known. Its `id` is `session`.
    package var command: SessionCommand?

    package init(session: SessionID, reason: String? = nil, command: SessionCommand? = nil) {
        self.session = session
        self.reason = reason
        self.command = command
    }
}

/// Tells all workers at once what they would notice by themselves a little later. Losing it costs seconds, believing it nothing: who gets
/// it looks into the journal.
package enum ControlHint: Codable, Sendable, Equatable {
    /// The session's outcome stands: units of it that are at work may stop.
    case sessionEnded(session: SessionID)
}

/// Hands manifests to the Scheduler's resource folder.
package struct ApplyRequest: Codable, Sendable, Equatable {
    /// YAML text of one file, as the user wrote it. Never holds a Secret: secrets stay on the machines that use them.
    package var manifests: String
    /// Name of the file the text came from, for complaints.
    package var fileName: String

    package init(manifests: String, fileName: String) {
        self.manifests = manifests
        self.fileName = fileName
    }
}

/// Asks what only a worker (snapshots) or only a Scheduler (sessions) can know.
package enum Query: Codable, Sendable, Equatable {
    /// The newest sessions in the ledger.
    case sessions(limit: Int)
    /// What can be restored from a repository.
    case snapshots(repository: Repository)
    /// One snapshot whole: its indices, documents, bytes and moments.
    case snapshot(repository: Repository, id: SnapshotID)
    /// The Scheduler's Repositories, so that a snapshot query can be addressed.
    case repositories
    /// What a restore would do. A worker answers from its own resources and writes nothing.
    case restorePlan(manifest: RestoreSession)
    /// Whether an AppBinding's cluster can be reached, backed up and restored to.
    case check(namespace: String, name: String)
    /// The Scheduler's resources of one kind, each with its status. Nil: of all namespaces, of all names.
    case resources(kind: String, namespace: String?, name: String?)
    /// How a repository's sessions ended, from the newest on. `before` is the `next` of the page before; nil: the first page.
    case finals(repository: Repository, before: String?, limit: Int)
    /// Has the Scheduler read anew what all repositories remember of their sessions.
    case rebuildLedger
}

/// What a query, a trigger or an apply request is answered with.
package enum Reply: Codable, Sendable, Equatable {
    /// The session that the trigger started or had started before.
    case accepted(session: SessionID)
    /// The batch's session that the trigger started or had started before, with its members in order.
    case acceptedBatch(parent: SessionID, members: [SessionID])
    /// What was applied, one line an object.
    case applied(objects: [String])
    case sessions(statuses: [StatusEvent])
    case snapshots(summaries: [SnapshotSummary])
    case snapshot(summary: SnapshotSummary)
    case repositories(manifests: [Repository])
    case restorePlan(preview: RestorePreview)
    case check(report: ClusterReport)
    /// Manifests as they are written, each with a `status`; what is secret is `<secret>`.
    case resources(objects: [JSONValue])
    case finals(page: FinalsPage)
    /// The Repositories that are read, as `namespace/name`.
    case rebuilding(repositories: [String])
    /// It was not done; the sentence says why and what to do.
    case refused(code: RefusalCode, message: String)
}

/// The kinds of refusal that a program can tell apart; the command line turns them into exit codes.
package enum RefusalCode: String, Codable, Sendable {
    case invalid
    case notFound
    case refused
    case unreachable
    case failed
}
