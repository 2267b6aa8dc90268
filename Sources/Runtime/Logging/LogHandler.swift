/// Where records go; called on whatever thread logs, so it must not block for long.
package protocol LogHandler: Sendable {
    func log(_ record: LogRecord)
}

/// One thing that happened.
package struct LogRecord: Sendable {
    package let time: Timestamp
    package let level: Logger.Level
    package let label: String
    package let message: String
    package let metadata: Logger.Metadata

    package init(time: Timestamp, level: Logger.Level, label: String, message: String, metadata: Logger.Metadata) {
        self.time = time
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
    }
}
