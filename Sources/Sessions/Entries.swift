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

/// One index of a plan.
package struct PlannedIndex: Codable, Sendable, Equatable {
    /// Its name where it is read (backup) or in the snapshot (restore).
    package var name: String
    /// Its name where it is written; in a backup the same.
    package var targetName: String
    package var uuid: String
    package var shards: Int
    /// Documents when the plan was made (backup) or in the snapshot (restore).
    package var documents: Int
    /// Settings, mappings and aliases as JSON text: kept as text so that no number is decoded and encoded again.
    package var definition: String
    /// Backup: the index's `max_result_window`, which bounds a page.
    package var pageLimit: Int
    /// Restore: the id of the index's manifest in the repository.
    package var manifest: String?
    /// Backup: why none of its documents are read; its definition alone is saved.
    package var withheld: String?
    /// Its author asked for that, so that it makes nothing partial.
    package var withheldOnRequest: Bool?
    /// Restore: how it is written; nil makes it anew.
    package var placement: IndexPlacement?
    /// Restore: the data stream that its documents go through, and which of its generations it is.
    package var stream: StreamGeneration?

    package init(
        name: String, targetName: String, uuid: String, shards: Int, documents: Int, definition: String, pageLimit: Int = 10_000,
        manifest: String? = nil
    ) {
        self.name = name
        self.targetName = targetName
        self.uuid = uuid
        self.shards = shards
        self.documents = documents
        self.definition = definition
        self.pageLimit = pageLimit
        self.manifest = manifest
    }
}

/// How a restore writes an index that it does not simply make.
package enum IndexPlacement: String, Codable, Sendable {
    /// Documents go under new ids into an index that is there.
    case append
    /// What is there is deleted first.
    case overwrite
    /// Made beside what is there; the snapshot's aliases move to it at the end.
    case swapAlias
}

/// One backing index's place in a data stream that is filled through its name.
package struct StreamGeneration: Codable, Sendable, Equatable {
    /// The stream's name in the target.
    package var name: String
    /// From 0; the stream is rolled over to it.
    package var ordinal: Int

    package init(name: String, ordinal: Int) {
        self.name = name
        self.ordinal = ordinal
    }
}

/// One object that a restore puts or leaves.
package struct PlannedObject: Codable, Sendable, Equatable {
    package enum Action: String, Codable, Sendable {
        case create
        case overwrite
        /// There already, and equal.
        case unchanged
        /// There already, different, and left.
        case skip
        /// The target has no objects of the kind.
        case unsupported
    }

    package var kind: ClusterObjectKind
    /// In the snapshot.
    package var name: String
    /// In the target: a renamed data stream has another.
    package var targetName: String
    package var action: Action

    package init(kind: ClusterObjectKind, name: String, targetName: String, action: Action) {
        self.kind = kind
        self.name = name
        self.targetName = targetName
        self.action = action
    }
}

/// The unit of sharing: a shard in a backup, a run of segments in a restore.
package struct Slice: Codable, Sendable, Equatable {
    /// Position of its index in the plan.
    package var index: Int
    /// Backup: the shard; nil reads the whole index, where the server ignores the shard preference.
    package var shard: Int?
    /// Restore: the run of segments in the index's manifest.
    package var segments: Range<Int>?
    /// The slice that must be done before this one begins; a lower number than its own. Nil: it begins when the window reaches it.
    package var after: Int?
    /// Documents that the slice is expected to have (backup) or must have (restore).
    package var documents: Int
    package var bytes: Int

    package init(index: Int, shard: Int? = nil, segments: Range<Int>? = nil, after: Int? = nil, documents: Int, bytes: Int) {
        self.index = index
        self.shard = shard
        self.segments = segments
        self.after = after
        self.documents = documents
        self.bytes = bytes
    }
}

/// What the session does, cut into slices, largest first; those that come after another stand last.
package struct PlanEntry: Codable, Sendable, Equatable {
    package var nonce: String
    package var indices: [PlannedIndex]
    package var slices: [Slice]
    /// How many slices may be at work at once.
    package var window: Int
    /// Restore: what is restored.
    package var snapshot: SnapshotID?
    package var plannedAt: Timestamp
    /// What the plan leaves out or cannot keep, said before the first byte moves.
    package var notes: [String]
    /// The session goes on where documents cannot be read or are refused.
    package var allowPartial: Bool?
    /// What the cluster can do, as the probe at the session's begin found it: JSON text of the worker's own.
    package var cluster: String?
    /// The id of the snapshot's manifest of objects.
    package var objects: String?
    /// Restore: what becomes of the objects, in the order in which they are put.
    package var plannedObjects: [PlannedObject]?
    /// Backup: the query (JSON text) that documents must match.
    package var query: String?
    /// Bytes of documents a second that all slices together may move.
    package var maxBytesPerSecond: Int?

    package init(
        nonce: String, indices: [PlannedIndex], slices: [Slice], window: Int, snapshot: SnapshotID?, plannedAt: Timestamp,
        notes: [String]
    ) {
        self.nonce = nonce
        self.indices = indices
        self.slices = slices
        self.window = window
        self.snapshot = snapshot
        self.plannedAt = plannedAt
        self.notes = notes
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

        package init(condition: String, message: String) {
            self.condition = condition
            self.message = message
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
