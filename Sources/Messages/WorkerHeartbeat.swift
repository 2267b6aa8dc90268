package import Runtime

/// Says that a worker is alive and how busy it is. A later one of the same worker replaces the earlier.
///
/// A worker tells it when it begins to consume and every `interval` after, as long as it consumes.
package struct WorkerHeartbeat: Codable, Sendable, Hashable {
    package static let interval = Duration.seconds(30)

    package var worker: String
    /// The version of its program.
    package var version: String
    /// Units that it works on at once at most: those of backups and those of restores.
    package var slots: Int
    /// Units that it works on now.
    package var busy: Int
    /// When the program began to consume.
    package var startedAt: Timestamp
    package var time: Timestamp

    package init(worker: String, version: String, slots: Int, busy: Int, startedAt: Timestamp, time: Timestamp) {
        self.worker = worker
        self.version = version
        self.slots = slots
        self.busy = busy
        self.startedAt = startedAt
        self.time = time
    }
}
