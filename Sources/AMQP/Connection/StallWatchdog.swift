import Glibc
import Runtime

/// The one thread that looks at all connections' stall guards, alive only while there are any.
enum StallWatchdog {
    private struct State {
        var guards: [ObjectIdentifier: StallGuard] = [:]
        var isRunning = false
        var thread: DedicatedThread?
    }

    private static let state = Lock(State())
    /// How late a stall is noticed at most, in milliseconds.
    private static let period: Int32 = 250

    static func add(_ stallGuard: StallGuard) throws(AMQPError) {
        do {
            let previous = try state.withLock { state throws(RuntimeError) in
                let previous = state.isRunning ? nil : state.thread
                if !state.isRunning {
                    state.thread = try DedicatedThread(name: "amqp-watchdog", watch)
                    state.isRunning = true
                }
                state.guards[ObjectIdentifier(stallGuard)] = stallGuard
                return previous
            }
            // Joined here, outside the lock that it may still need for its last look.
            _ = consume previous
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
            let guards = state.withLock { state in
                state.isRunning = !state.guards.isEmpty
                return Array(state.guards.values)
            }
            if guards.isEmpty { return }
            let now = ContinuousClock.now
            for stallGuard in guards { stallGuard.check(at: now) }
        }
    }
}
