/// What went wrong in the Scheduler, told so that an operator can act on it.
package struct SchedulerError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        case invalidSchedule
        case invalidTimeZone
        case databaseBusy
        case databaseDamaged
        case databaseFailed
        case databaseTooNew
        case diskFull
        /// A file beside the ledger: tokens, pauses.
        case fileFailed
    }

    package let code: Code
    /// The object, the cause and what to do next, in one sentence or two.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same call may succeed later without anybody changing a file or a manifest.
    package var isRetryable: Bool {
        switch code {
        case .databaseBusy, .diskFull: true
        case .invalidSchedule, .invalidTimeZone, .databaseDamaged, .databaseFailed, .databaseTooNew, .fileFailed: false
        }
    }

    package var description: String { message }
}
