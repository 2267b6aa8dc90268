import Runtime

/// Tells a hook at work, and a wait for the cluster, once a second or more, whether to go on.
struct HookGuard {
    /// How often the journal is asked whether the session was ended by somebody else.
    private static let interval = Duration.seconds(5)

    /// The delivery is still this worker's.
    let isOurs: @Sendable () -> Bool
    /// The worker is to stop: another one runs the hook again.
    let isDraining: @Sendable () -> Bool
    /// Somebody said that the session was ended: look at once. The answer is given once a hint.
    let isHinted: @Sendable () -> Bool
    /// After it the session is aborted; nil for a hook of a session that is decided.
    let deadline: Timestamp?
    /// Whether an outcome stands by now; never, for a hook that comes after it.
    let isDecided: () throws -> Bool
    /// Told of a look at the journal that failed. The hook goes on: it may be what keeps the journal from answering.
    let lookFailed: (any Error) -> Void
    private var lookedAt = ContinuousClock.now

    init(
        deadline: Timestamp?, isOurs: @escaping @Sendable () -> Bool, isDraining: @escaping @Sendable () -> Bool,
        isHinted: @escaping @Sendable () -> Bool, isDecided: @escaping () throws -> Bool,
        lookFailed: @escaping (any Error) -> Void
    ) {
        self.lookFailed = lookFailed
        self.deadline = deadline
        self.isOurs = isOurs
        self.isDraining = isDraining
        self.isHinted = isHinted
        self.isDecided = isDecided
    }

    /// Whether something speaks against waiting for an answer; `check` then tells what.
    var isInterrupted: @Sendable () -> Bool {
        { [isOurs, isDraining, isHinted] in !isOurs() || isDraining() || isHinted() }
    }

    /// Seconds until the session's end, where that bounds the hook.
    func secondsLeft(now: Timestamp = .now()) -> Double? { deadline.map { max(0, ($0 - now).seconds) } }

    /// - Parameter looks: asks the journal now.
    /// - Throws: when the hook must stop and leave nothing.
    mutating func check(
        looks: Bool = false, at instant: ContinuousClock.Instant = .now, _ time: Timestamp = .now()
    ) throws(WorkerError) {
        guard isOurs() else { throw WorkerError(.abandoned, "the delivery was given to another worker") }
        guard !isDraining() else { throw WorkerError(.abandoned, "the worker stops; another one runs the hook again") }
        if let deadline, time > deadline { throw WorkerError(.deadlineExceeded, "the session's deadline has passed") }
        guard isHinted() || looks || instant - lookedAt >= Self.interval else { return }
        lookedAt = instant
        let isOver: Bool
        do {
            isOver = try isDecided()
        } catch {
            return lookFailed(error)
        }
        if isOver { throw WorkerError(.sessionEnded, "the session was ended") }
    }
}
