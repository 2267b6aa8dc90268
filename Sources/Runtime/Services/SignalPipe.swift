import Glibc

/// Carries signals from their handler, which may do next to nothing, to a thread that may do everything.
///
/// A pipe and not `sigwait`, since that needs the signals blocked in every thread, and Swift's pool may have made some before.
final class SignalPipe: Sendable {
    static let shared = SignalPipe()

    private struct State {
        var thread: DedicatedThread?
        var receivers: [AsyncStream<TerminationSignal>.Continuation] = []
        var hasReceived = false
    }

    private let state = Lock(State())

    func deliver(
        _ signals: [TerminationSignal], to receiver: AsyncStream<TerminationSignal>.Continuation
    ) throws(RuntimeError) {
        try state.withLock { (state) throws(RuntimeError) in
            if state.thread == nil { state.thread = try start() }
            state.receivers.append(receiver)
        }
        for signal in signals { try install(signal) }
    }

    /// The two ends of the pipe live as long as the process, since the handler may run at any time.
    private func start() throws(RuntimeError) -> DedicatedThread {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0,
            fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0
        else {
            throw RuntimeError(code: .signalsUnavailable, message: "could not make a pipe for signals: \(errorText(errno))")
        }
        let source = ends[0]
        signalPipeEnd = ends[1]
        return try DedicatedThread(name: "signals") { self.read(from: source) }
    }

    private func read(from source: CInt) {
        while true {
            var number: UInt8 = 0
            let count = Glibc.read(source, &number, 1)
            if count == 1 {
                if let signal = TerminationSignal(rawValue: CInt(number)) { receive(signal) }
            } else if errno != EINTR {
                return
            }
        }
    }

    private func receive(_ signal: TerminationSignal) {
        let receivers = state.withLock { state in
            // Nothing may hold up the second signal: it is for a program that no longer answers.
            if state.hasReceived { _exit(signal.exitStatus) }
            state.hasReceived = true
            return state.receivers
        }
        for receiver in receivers {
            receiver.yield(signal)
            receiver.finish()
        }
    }

    private func install(_ signal: TerminationSignal) throws(RuntimeError) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            // Only calls that signal-safety(7) allows, and errno as it was.
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalPipeEnd, &byte, 1)
            errno = saved
        }
        action.sa_flags = SA_RESTART
        guard sigaction(signal.rawValue, &action, nil) == 0 else {
            throw RuntimeError(code: .signalsUnavailable, message: "could not handle \(signal): \(errorText(errno))")
        }
    }
}

/// Written once before the first handler is installed, only read after.
private nonisolated(unsafe) var signalPipeEnd: CInt = -1
