package import Runtime

/// Stash's status of a Repository. Values are absolute.
package struct RepositoryStatus: Codable, Sendable, Hashable {
    /// Begin of the oldest and of the newest backup that is there. Nil without any.
    package var firstBackupTime: Timestamp?
    package var lastBackupTime: Timestamp?
    /// Bytes stored of all snapshots, as they say themselves.
    package var size: Int
    package var snapshotCount: Int
    /// Snapshots that the last retention which forgot any has forgotten, as long as they are not deleted.
    package var snapshotsRemovedOnLastCleanup: Int
    /// Whether everything is whole by the last verification and by what deeper ones before it found. Nil: there was none.
    package var integrity: Bool?

    package init(
        firstBackupTime: Timestamp? = nil, lastBackupTime: Timestamp? = nil, size: Int = 0, snapshotCount: Int = 0,
        snapshotsRemovedOnLastCleanup: Int = 0, integrity: Bool? = nil
    ) {
        self.firstBackupTime = firstBackupTime
        self.lastBackupTime = lastBackupTime
        self.size = size
        self.snapshotCount = snapshotCount
        self.snapshotsRemovedOnLastCleanup = snapshotsRemovedOnLastCleanup
        self.integrity = integrity
    }
}

/// Says how a repository is. A later one of the same Repository replaces the earlier.
package struct RepositoryEvent: Codable, Sendable, Hashable {
    package var name: String
    package var namespace: String
    /// The repository's own id, the same under whatever name.
    package var repository: RepositoryID
    package var status: RepositoryStatus
    package var worker: String
    package var time: Timestamp

    package init(
        name: String, namespace: String, repository: RepositoryID, status: RepositoryStatus, worker: String, time: Timestamp
    ) {
        self.name = name
        self.namespace = namespace
        self.repository = repository
        self.status = status
        self.worker = worker
        self.time = time
    }
}
