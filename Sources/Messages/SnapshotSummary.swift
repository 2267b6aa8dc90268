package import Runtime

/// What a user is told of a snapshot.
package struct SnapshotSummary: Codable, Sendable, Equatable {
    package struct Index: Codable, Sendable, Equatable {
        package var name: String
        package var shards: Int
        package var documents: Int
        package var bytes: Int
        package var storedBytes: Int
        package var segments: Int
        /// The first and the last moment at which one of its shards was opened as a point in time.
        package var earliestView: Timestamp?
        package var latestView: Timestamp?
        /// Why some or all of its documents are not in the snapshot. Nil: it is whole.
        package var missing: String?

        package init(
            name: String, shards: Int, documents: Int, bytes: Int, storedBytes: Int, segments: Int, earliestView: Timestamp?,
            latestView: Timestamp?
        ) {
            self.name = name
            self.shards = shards
            self.documents = documents
            self.bytes = bytes
            self.storedBytes = storedBytes
            self.segments = segments
            self.earliestView = earliestView
            self.latestView = latestView
        }
    }

    package var id: SnapshotID
    package var repository: String
    package var namespace: String
    /// The AppBinding that was backed up.
    package var target: String
    package var invoker: Invoker
    package var time: Timestamp
    package var indices: [Index]
    /// Objects beside indices.
    package var objects: Int?
    /// JSON of the query that documents had to match to be saved. Nil: all were.
    package var query: String?
    /// What was lost beside documents of its indices when the repository was damaged: whole indices, objects. Nil: nothing.
    package var missing: String?
    /// What people have marked it with since; not part of the outcome. Nil: nothing.
    package var tags: [String]?
    /// Whether it is protected from retention and `forget`; not part of the outcome. Nil: it is not.
    package var isKept: Bool?

    package init(
        id: SnapshotID, repository: String, namespace: String, target: String, invoker: Invoker, time: Timestamp, indices: [Index]
    ) {
        self.id = id
        self.repository = repository
        self.namespace = namespace
        self.target = target
        self.invoker = invoker
        self.time = time
        self.indices = indices
    }

    /// Of a snapshot whose outcome cannot be read: its name is all that is known.
    package init(damaged id: SnapshotID, in repository: Repository, cause: String) {
        self.init(
            id: id, repository: repository.metadata.name, namespace: repository.metadata.namespace, target: "unknown",
            invoker: Invoker(kind: "unknown", name: "unknown"), time: id.time ?? Timestamp(secondsSinceEpoch: 0), indices: [])
        missing = cause
    }

    /// Whether something that the plan wanted is not in it.
    package var isPartial: Bool { missing != nil || indices.contains { $0.missing != nil } }

    package var documents: Int { indices.reduce(0) { $0 + $1.documents } }
    package var bytes: Int { indices.reduce(0) { $0 + $1.bytes } }
    package var storedBytes: Int { indices.reduce(0) { $0 + $1.storedBytes } }
}
