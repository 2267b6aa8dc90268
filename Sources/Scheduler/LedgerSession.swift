package import FoundationEssentials

/// A session as the ledger knows it: what it is, where it stands and how far it is.
package struct LedgerSession: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case backup
        case restore
    }

    /// Stash's words.
    package enum Phase: String, Sendable, CaseIterable {
        case pending = "Pending"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case skipped = "Skipped"
        case unknown = "Unknown"

        /// Whether the session is over by this word; `unknown` counts as over, since nobody works on it.
        package var isFinished: Bool { self != .pending && self != .running }
    }

    /// Who says where the session stands, in rising order of authority: the ledger keeps what the highest said.
    package enum Authority: Int, Comparable, Sendable, CaseIterable {
        /// It was asked for or has begun.
        case announced = 0
        /// The Scheduler refused it, or guesses by its own clock.
        case scheduler = 1
        /// A worker could not reach the journal.
        case unrecorded = 2
        /// The journal's `final` entry.
        case final = 3

        package static func < (left: Authority, right: Authority) -> Bool { left.rawValue < right.rawValue }
    }

    /// What the session belongs to; the same in all its events.
    package struct Identity: Hashable, Sendable {
        package var kind: Kind
        /// Stash's object name, for example `nightly-1795471200`.
        package var name: String
        package var namespace: String
        /// `BackupConfiguration` or `RestoreSession`.
        package var invokerKind: String
        package var invokerName: String
        package var repository: String
        package var target: String

        package init(
            kind: Kind, name: String, namespace: String, invokerKind: String, invokerName: String, repository: String,
            target: String
        ) {
            self.kind = kind
            self.name = name
            self.namespace = namespace
            self.invokerKind = invokerKind
            self.invokerName = invokerName
            self.repository = repository
            self.target = target
        }
    }

    package struct Condition: Codable, Hashable, Sendable {
        package var type: String
        package var status: String
        package var reason: String
        package var message: String
        package var lastTransitionTime: Date

        package init(type: String, status: String, reason: String, message: String, lastTransitionTime: Date) {
            self.type = type
            self.status = status
            self.reason = reason
            self.message = message
            self.lastTransitionTime = lastTransitionTime
        }
    }

    package var id: String
    /// Nil when only progress has arrived so far.
    package var identity: Identity?
    package var phase: Phase
    package var authority: Authority
    /// The moment asked for, or that of the first event when the request is not known.
    package var createdAt: Date
    package var startedAt: Date?
    package var finishedAt: Date?
    /// The latest event of a worker: what tells a slow session from a dead one.
    package var lastProgressAt: Date?
    /// The last time the session message was published again.
    package var lastRescueAt: Date?
    /// Passed without an end, the Scheduler may guess Failed.
    package var deadline: Date?
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

    /// From the start, or from the request when it never started, to the end.
    package var duration: TimeInterval? {
        finishedAt.map { max(0, $0.timeIntervalSince(startedAt ?? createdAt)) }
    }
}

/// One index of a session.
package struct LedgerIndex: Hashable, Sendable {
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
