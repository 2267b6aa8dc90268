/// Writes what happened, with the metadata it carries; a value, so a copy can carry more.
///
/// Shaped like swift-log's. The message is a literal (what varies is metadata), so that logs can be counted by message.
package struct Logger: Sendable {
    package typealias Metadata = [String: MetadataValue]

    package enum Level: String, Sendable, CaseIterable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical
    }

    package let label: String
    /// Records below this level are not made, and their metadata is not computed.
    package var logLevel: Level
    package var metadata: Metadata
    private let handler: any LogHandler

    package init(label: String, level: Level = .info, metadata: Metadata = [:], handler: any LogHandler) {
        self.label = label
        self.logLevel = level
        self.metadata = metadata
        self.handler = handler
    }

    package subscript(metadataKey key: String) -> MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// A copy that carries more.
    package func with(_ more: Metadata) -> Logger {
        var copy = self
        copy.metadata.merge(more) { $1 }
        return copy
    }

    package func log(level: Level, _ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        guard level >= logLevel else { return }
        let all = self.metadata.merging(metadata()) { $1 }
        handler.log(LogRecord(time: .now(), level: level, label: label, message: message.description, metadata: all))
    }

    package func trace(_ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .trace, message, metadata: metadata())
    }

    package func debug(_ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .debug, message, metadata: metadata())
    }

    package func info(_ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .info, message, metadata: metadata())
    }

    package func notice(_ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .notice, message, metadata: metadata())
    }

    package func warning(_ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .warning, message, metadata: metadata())
    }

    package func error(_ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .error, message, metadata: metadata())
    }

    package func critical(_ message: StaticString, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .critical, message, metadata: metadata())
    }
}

extension Logger.Level: Comparable {
    package static func < (left: Logger.Level, right: Logger.Level) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }
}
