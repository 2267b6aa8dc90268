import Glibc
import Runtime

/// The one thread that looks at all connections' stall guards, alive only while there are any.
enum StallWatchdog {
    private struct State {
        var guards: [ObjectIdentifier: StallGuard] = [:]
        var thread: DedicatedThread?
    }

    private static let state = Lock(State())
    /// How late a stall is noticed at most, in milliseconds.
    private static let period: Int32 = 250

    static func add(_ stallGuard: StallGuard) throws(AMQPError) {
        do {
            try state.withLock { state throws(RuntimeError) in
                if state.thread == nil { state.thread = try DedicatedThread(name: "amqp-watchdog", watch) }
                state.guards[ObjectIdentifier(stallGuard)] = stallGuard
            }
        } catch {
            throw AMQPError(.outOfResources, error.message)
        }
    }

    static func remove(_ stallGuard: StallGuard) {
        state.withLock { _ = $0.guards.removeValue(forKey: ObjectIdentifier(stallGuard)) }
    }

    private static func watch() {
        while true {
            poll(nil, 0, period)
            let (guards, ended) = state.withLock { state in
                let guards = Array(state.guards.values)
                guard guards.isEmpty else { return (guards, DedicatedThread?.none) }
                // Let go on its own thread, which detaches it; the next guard starts another.
                defer { state.thread = nil }
                return (guards, state.thread)
            }
            if guards.isEmpty { return withExtendedLifetime(ended) {} }
            let now = ContinuousClock.now
            for stallGuard in guards { stallGuard.check(at: now) }
        }
    }
}
