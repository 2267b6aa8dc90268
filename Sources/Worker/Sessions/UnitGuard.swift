import Messages
import Runtime
import Sessions

/// Tells a unit at work, page by page, whether to go on, to end here, or to stop at once.
struct UnitGuard {
    let startedAt: ContinuousClock.Instant
    let seconds: Double
    let bytes: Int
    /// After it the session is aborted.
    let deadline: Timestamp?
    /// The worker drains: end the unit at the next page, another worker goes on.
    let isDraining: @Sendable () -> Bool
    /// The delivery is still this worker's.
    let isOurs: @Sendable () -> Bool
    let journal: any Journal

    private var outcomeReadAt: ContinuousClock.Instant
    /// How often the journal is asked whether the session was ended by somebody else.
    private static let outcomeInterval = Duration.seconds(5)

    init(
        settings: WorkerSettings, deadline: Timestamp?, journal: any Journal, isDraining: @escaping @Sendable () -> Bool,
        isOurs: @escaping @Sendable () -> Bool
    ) {
        startedAt = .now
        outcomeReadAt = startedAt
        seconds = settings.unitSeconds
        bytes = settings.unitBytes
        self.deadline = deadline
        self.journal = journal
        self.isDraining = isDraining
        self.isOurs = isOurs
    }

    /// - Parameter moved: bytes that the unit has moved so far.
    /// - Returns: whether the unit's budget is spent.
    /// - Throws: `WorkerError` when the unit must stop and leave nothing.
    mutating func isSpent(moved: Int) throws -> Bool {
        guard isOurs() else { throw WorkerError(.abandoned, "the delivery was given to another worker") }
        if let deadline, Timestamp.now() > deadline { throw WorkerError(.deadlineExceeded, "the session's deadline has passed") }
        let now = ContinuousClock.now
        if now - outcomeReadAt >= Self.outcomeInterval {
            outcomeReadAt = now
            if try journal.read([.outcome])[.outcome] != nil { throw WorkerError(.sessionEnded, "the session was ended") }
        }
        return moved >= bytes || now - startedAt >= .seconds(seconds) || isDraining()
    }
}
