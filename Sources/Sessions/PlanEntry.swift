package import Messages
package import Runtime

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
    /// Restore that overwrites: the uuid of the index that is deleted.
    package var replaces: String?

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
    /// What the hook before the work did; nil without one.
    package var preHook: HookReport?
    /// What the Task's steps before the work did, in their order; nil without any.
    package var preSteps: [HookReport]?

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
