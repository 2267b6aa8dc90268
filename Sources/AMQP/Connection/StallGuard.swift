import Glibc
import Runtime

/// Ends calls into librabbitmq that have no deadline of their own, by shutting the socket down from outside.
///
/// The connection's thread arms it before such calls; `StallWatchdog` looks at it from its own thread. Shutting a socket
/// down frees nothing, so librabbitmq notices it as a broken connection on its own thread.
final class StallGuard: Sendable {
    private struct State {
        var socket: Int32?
        var deadline: ContinuousClock.Instant?
        var hasFired = false
    }

    private let state = Lock(State())
    private let onStallWithoutSocket: @Sendable () -> Void

    /// - Parameter onStallWithoutSocket: called from the watchdog's thread when the deadline passes before there is a
    ///   socket (a name server that does not answer).
    init(onStallWithoutSocket: @escaping @Sendable () -> Void) {
        self.onStallWithoutSocket = onStallWithoutSocket
    }

    /// Whether the guard ended a call: then the library's own error text says nothing.
    var hasFired: Bool { state.withLock { $0.hasFired } }

    func attach(_ socket: Int32) {
        state.withLock { $0.socket = socket }
    }

    /// Must precede the closing of the socket, whose number another file may get then.
    func detach() {
        state.withLock {
            $0.socket = nil
            $0.deadline = nil
        }
    }

    func arm(until deadline: ContinuousClock.Instant) {
        state.withLock { $0.deadline = deadline }
    }

    func disarm() {
        state.withLock { $0.deadline = nil }
    }

    func check(at now: ContinuousClock.Instant) {
        let isUnconnected = state.withLock { state in
            guard let deadline = state.deadline, deadline < now else { return false }
            state.deadline = nil
            state.hasFired = true
            guard let socket = state.socket else { return true }
            shutdown(socket, Int32(SHUT_RDWR))
            return false
        }
        if isUnconnected { onStallWithoutSocket() }
    }
}
