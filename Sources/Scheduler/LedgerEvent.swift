package import Messages
package import Runtime

/// One thing that became known about a session, in absolute values.
///
/// Events may come late, twice and in any order: the ledger ends the same.
package struct LedgerEvent: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        case request(Request)
        case status(Status)
        case progress(Progress)
        /// The Scheduler published the session message again.
        case rescue
        /// What becomes of a Failed session: when another is to follow it, and which has.
        case retry(Retry)
    }

    /// The Scheduler, or someone else, asked for a session.
    package struct Request: Equatable, Sendable {
        package var identity: LedgerSession.Identity
        /// The moment from which a session that has not ended may be called Failed.
        package var deadline: Timestamp?
        /// The message as it was published, for publishing it again.
        package var message: [UInt8]?
        /// When its turn came: it is published now, or as soon as the broker takes it.
        package var turnAt: Timestamp?
        /// When workers may have come to know it; nil while it waits.
        package var publishedAt: Timestamp?
        /// Namespace of the AppBinding.
        package var targetNamespace: String?
        /// A session that no worker has begun by then never will be.
        package var notAfter: Timestamp?
        package var retryLeft: Int?

        package init(
            identity: LedgerSession.Identity, deadline: Timestamp? = nil, message: [UInt8]? = nil, publishedAt: Timestamp? = nil,
            targetNamespace: String? = nil, notAfter: Timestamp? = nil, retryLeft: Int? = nil, turnAt: Timestamp? = nil
        ) {
            self.turnAt = turnAt
            self.identity = identity
            self.deadline = deadline
            self.message = message
            self.publishedAt = publishedAt
            self.targetNamespace = targetNamespace
            self.notAfter = notAfter
            self.retryLeft = retryLeft
        }
    }

    /// Stash's `nextRetry` and `retried`.
    package struct Retry: Equatable, Sendable {
        /// Nil when none is to follow any more. The last word counts.
        package var at: Timestamp?
        /// The id of the session that follows; empty when none will.
        package var session: String?

        package init(at: Timestamp? = nil, session: String? = nil) {
            self.at = at
            self.session = session
        }
    }

    /// Where the whole session stands, told by `source`.
    package struct Status: Equatable, Sendable {
        package var identity: LedgerSession.Identity?
        package var phase: Phase
        package var source: PhaseSource
        package var requestedAt: Timestamp?
        package var startedAt: Timestamp?
        package var finishedAt: Timestamp?
        package var snapshot: String?
        package var error: String?
        package var conditions: [Condition]
        /// Documents planned before the end, documents done in a final status.
        package var indices: [LedgerIndex]

        package init(
            identity: LedgerSession.Identity? = nil, phase: Phase, source: PhaseSource,
            requestedAt: Timestamp? = nil, startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil, snapshot: String? = nil,
            error: String? = nil, conditions: [Condition] = [], indices: [LedgerIndex] = []
        ) {
            self.identity = identity
            self.phase = phase
            self.source = source
            self.requestedAt = requestedAt
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.snapshot = snapshot
            self.error = error
            self.conditions = conditions
            self.indices = indices
        }
    }

    /// How far one unit of a slice is.
    package struct Progress: Equatable, Sendable {
        package var slice: Int
        /// Parts below the highest epoch of a slice are void.
        package var epoch: Int
        package var number: Int
        package var index: String
        /// Whether the part is in the journal; figures of a unit at work may still come to nothing.
        package var isStored: Bool
        package var documents: Int
        package var bytes: Int
        package var storedBytes: Int

        package init(
            slice: Int, epoch: Int, number: Int, index: String, isStored: Bool, documents: Int, bytes: Int, storedBytes: Int
        ) {
            self.slice = slice
            self.epoch = epoch
            self.number = number
            self.index = index
            self.isStored = isStored
            self.documents = documents
            self.bytes = bytes
            self.storedBytes = storedBytes
        }
    }

    package var session: String
    /// When it happened, by the sender's clock.
    package var time: Timestamp
    package var content: Content

    package init(session: String, time: Timestamp, content: Content) {
        self.session = session
        self.time = time
        self.content = content
    }
}
