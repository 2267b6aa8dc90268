/// Which services still run and which one is to stop next: the decisions of a `ServiceGroup`, without its tasks.
struct ShutdownPlan {
    enum Action: Equatable {
        /// Ask this service to stop.
        case shutDown(Int)
        case startGraceTime
        case cancelAll
        case end
    }

    private var running: Set<Int>
    private var isShuttingDown = false
    /// The service that was asked last and has not ended yet.
    private var stopping: Int?

    /// - Parameter count: services, numbered in the order in which they start.
    init(count: Int) {
        running = Set(0..<count)
    }

    mutating func requestShutdown() -> [Action] {
        guard !isShuttingDown else { return [] }
        isShuttingDown = true
        let next = stopNext()
        return next == [.end] ? next : [.startGraceTime] + next
    }

    /// Any end of a service stops the group: the others were started to work together with it.
    mutating func serviceEnded(_ index: Int, keepsOthersRunning: Bool) -> [Action] {
        running.remove(index)
        guard isShuttingDown else {
            if keepsOthersRunning { return running.isEmpty ? [.end] : [] }
            return requestShutdown()
        }
        guard running.isEmpty || stopping == index else { return [] }
        return stopNext()
    }

    mutating func graceTimeOver() -> [Action] {
        running.isEmpty ? [] : [.cancelAll]
    }

    /// The one started last goes first, since it may use those before it.
    private mutating func stopNext() -> [Action] {
        stopping = running.max()
        return [stopping.map(Action.shutDown) ?? .end]
    }
}
