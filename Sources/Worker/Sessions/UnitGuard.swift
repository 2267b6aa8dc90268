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
    /// Somebody said that the session was ended: look at once. The answer is given once a hint.
    let isHinted: @Sendable () -> Bool
    let journal: any Journal

    private var outcomeReadAt: ContinuousClock.Instant
    /// How often the journal is asked whether the session was ended by somebody else.
    private static let outcomeInterval = Duration.seconds(5)

    init(
        settings: WorkerSettings, deadline: Timestamp?, journal: any Journal, isDraining: @escaping @Sendable () -> Bool,
        isOurs: @escaping @Sendable () -> Bool, isHinted: @escaping @Sendable () -> Bool = { false },
        startedAt: ContinuousClock.Instant = .now
    ) {
        self.startedAt = startedAt
        outcomeReadAt = startedAt
        seconds = settings.unitSeconds
        bytes = settings.unitBytes
        self.deadline = deadline
        self.journal = journal
        self.isDraining = isDraining
        self.isOurs = isOurs
        self.isHinted = isHinted
    }

    /// - Parameters:
    ///   - moved: bytes that the unit has moved so far.
    ///   - instant: now, for what lasts.
    ///   - time: now, for the deadline.
    /// - Returns: whether the unit's budget is spent.
    /// - Throws: `WorkerError` when the unit must stop and leave nothing.
    mutating func isSpent(
        moved: Int, at instant: ContinuousClock.Instant = .now, _ time: Timestamp = .now()
    ) throws -> Bool {
        guard isOurs() else { throw WorkerError(.abandoned, "the delivery was given to another worker") }
        if let deadline, time > deadline { throw WorkerError(.deadlineExceeded, "the session's deadline has passed") }
        if isHinted() || instant - outcomeReadAt >= Self.outcomeInterval {
            outcomeReadAt = instant
            if try journal.read([.outcome])[.outcome] != nil { throw WorkerError(.sessionEnded, "the session was ended") }
        }
        return moved >= bytes || instant - startedAt >= .seconds(seconds) || isDraining()
    }
}
