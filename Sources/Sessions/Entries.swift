package import Messages
package import Runtime

/// The first entry: who may speak for this session, and until when.
package struct BeginEntry: Codable, Sendable, Equatable {
    package var nonce: String
    /// SHA-256 of what the session command asks for. Another digest under the same id is another request.
    package var digest: String
    package var startedAt: Timestamp
    /// The session is aborted at the first page after this.
    package var deadline: Timestamp
    /// The session's message, so that whoever finds the journal can end the session: a cancel may name nothing but its id. Nil in the
    /// entries of versions before it.
    package var command: SessionCommand?
    /// Where the session's message asked for answers, so that its asker hears of an end that another message brings about.
    package var replyTo: String?

    package init(
        nonce: String, digest: String, startedAt: Timestamp, deadline: Timestamp, command: SessionCommand?, replyTo: String? = nil
    ) {
        self.nonce = nonce
        self.command = command
        self.replyTo = replyTo
        self.digest = digest
        self.startedAt = startedAt
        self.deadline = deadline
    }
}

/// One point in time of one slice.
package struct ViewEntry: Codable, Sendable, Equatable {
    package var nonce: String
    /// The server's id of the point in time.
    package var pointInTime: String
    /// Shards that every answer must come from.
    package var shards: Int
    /// Its own `hits.total`.
    package var documents: Int
    package var openedAt: Timestamp
    /// Settings, mappings and aliases right after it was opened, where they differ from the plan's: documents may need the newer ones.
    package var definition: String?
    /// There is no point in time: the slice is read by a scroll that its first unit opens, and `pointInTime` is empty.
    package var scrolls: Bool?

    package init(
        nonce: String, pointInTime: String, shards: Int, documents: Int, openedAt: Timestamp, definition: String? = nil
    ) {
        self.nonce = nonce
        self.pointInTime = pointInTime
        self.shards = shards
        self.documents = documents
        self.openedAt = openedAt
        self.definition = definition
    }
}

/// A document that the target refused for good.
package struct Rejection: Codable, Sendable, Equatable {
    package var id: String
    package var status: Int
    package var type: String
    package var reason: String

    package init(id: String, status: Int, type: String, reason: String) {
        self.id = id
        self.status = status
        self.type = type
        self.reason = reason
    }
}

/// What the target refused of one index.
package struct Refusals: Codable, Sendable, Equatable {
    /// The index's name in the target.
    package var index: String
    package var documents: Int
    /// The first ones.
    package var rejections: [Rejection]
    /// Segments of kind `rejects` that hold all of them, unless the repository could not be written.
    package var segments: [String]

    package init(index: String, documents: Int, rejections: [Rejection], segments: [String]) {
        self.index = index
        self.documents = documents
        self.rejections = rejections
        self.segments = segments
    }

    /// How many, why the first one, and where they are: the end of a sentence.
    package var sentence: String {
        let first = rejections.first.map { ", the first with _id \($0.id): \($0.type), \($0.reason)" } ?? ""
        let shown = segments.prefix(3).joined(separator: ", ") + (segments.count > 3 ? " and \(segments.count - 3) more" : "")
        let kept = segments.isEmpty ? "" : "; they are kept in segment\(segments.count == 1 ? "" : "s") \(shown)"
        return first + kept
    }
}

/// A segment that a part stored.
package struct StoredSegment: Codable, Sendable, Equatable {
    package var id: String
    /// `bulk` or `exact`, as docs/repository-format.md defines them; `rejects` for refused documents with their errors.
    package var kind: String
    package var documents: Int
    package var bytes: Int
    package var storedBytes: Int

    package init(id: String, kind: String, documents: Int, bytes: Int, storedBytes: Int) {
        self.id = id
        self.kind = kind
        self.documents = documents
        self.bytes = bytes
        self.storedBytes = storedBytes
    }
}

/// What one unit did.
package struct PartEntry: Codable, Sendable, Equatable {
    package var nonce: String
    package var worker: String
    /// Cursors: where the unit began (nil: at the slice's begin) and where the next one begins (nil: the slice ends here).
    package var begin: String?
    package var end: String?
    /// Documents stored, or accepted by the target.
    package var documents: Int
    package var bytes: Int
    package var storedBytes: Int
    /// Backup: what was stored. Restore: the documents that the target refused.
    package var segments: [StoredSegment]
    package var finishedAt: Timestamp
    /// Backup by a scroll, first part: the scroll's own `hits.total`, which no view entry knows.
    package var total: Int?
    /// As `total`: when the scroll was opened, and the definition right after, where it differs from the plan's.
    package var openedAt: Timestamp?
    package var definition: String?
    /// Restore: documents that the target refused for good, not counted in `documents`; the first of them are listed.
    package var rejected: Int?
    package var rejections: [Rejection]?

    package init(
        nonce: String, worker: String, begin: String?, end: String?, documents: Int, bytes: Int, storedBytes: Int,
        segments: [StoredSegment], finishedAt: Timestamp
    ) {
        self.nonce = nonce
        self.worker = worker
        self.begin = begin
        self.end = end
        self.documents = documents
        self.bytes = bytes
        self.storedBytes = storedBytes
        self.segments = segments
        self.finishedAt = finishedAt
    }

    package var endsSlice: Bool { end == nil }
}

/// A slice whose parts form a chain from its begin to its end without a gap, or one that was given up where `allowPartial` lets it.
package struct DoneEntry: Codable, Sendable, Equatable {
    package var nonce: String
    /// Why nothing of the slice is kept. Nil: it is whole.
    package var failure: String?
    package var rejected: Int?
    package var rejections: [Rejection]?
    package var parts: Int
    package var documents: Int
    package var bytes: Int
    package var storedBytes: Int
    package var partsByWorker: [String: Int]
    /// The segments of the refused documents, in the order of the parts.
    package var rejectSegments: [String]?

    package init(nonce: String, parts: Int, documents: Int, bytes: Int, storedBytes: Int, partsByWorker: [String: Int]) {
        self.nonce = nonce
        self.parts = parts
        self.documents = documents
        self.bytes = bytes
        self.storedBytes = storedBytes
        self.partsByWorker = partsByWorker
    }
}

/// The one decision of a session. A committed outcome of a backup is the snapshot.
package struct OutcomeEntry: Codable, Sendable, Equatable {
    package enum Verdict: Codable, Sendable, Equatable {
        case commit(result: Commit)
        case abort(reason: Abort)
    }

    /// What is committed: for a backup the manifests of all indices.
    package struct Commit: Codable, Sendable, Equatable {
        package var summary: SnapshotSummary
        /// Keys of the manifests in the repository, in the summary's order of indices. Empty in a restore.
        package var manifests: [String]
        package var partsByWorker: [String: Int]
        /// The id of the manifest of objects; nil without any.
        package var objects: String?

        package init(summary: SnapshotSummary, manifests: [String], partsByWorker: [String: Int]) {
            self.summary = summary
            self.manifests = manifests
            self.partsByWorker = partsByWorker
        }
    }

    package struct Abort: Codable, Sendable, Equatable {
        /// The condition that says why: `Cancelled`, `DeadlineExceeded`, `BackupFailed` …
        package var condition: String
        package var message: String
        /// The documents that ended a restore.
        package var refusals: Refusals?

        package init(condition: String, message: String, refusals: Refusals? = nil) {
            self.condition = condition
            self.message = message
            self.refusals = refusals
        }
    }

    package var nonce: String
    package var decidedAt: Timestamp
    package var verdict: Verdict

    package init(nonce: String, decidedAt: Timestamp, verdict: Verdict) {
        self.nonce = nonce
        self.decidedAt = decidedAt
        self.verdict = verdict
    }

    package var isCommit: Bool {
        if case .commit = verdict { true } else { false }
    }
}

/// The last entry: the final event itself.
package struct FinalEntry: Codable, Sendable, Equatable {
    package var nonce: String
    package var status: StatusEvent

    package init(nonce: String, status: StatusEvent) {
        self.nonce = nonce
        self.status = status
    }
}
