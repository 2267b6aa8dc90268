import CRabbitMQ
import Glibc
import Runtime

/// The way from any task to a connection's thread: a list of commands and an eventfd that wakes the thread.
final class Mailbox: Sendable {
    private struct State {
        var commands: [Command] = []
        var ending: AMQPError?
        var blockedReason: String?
    }

    /// Readable while commands wait; for the thread's `poll`.
    let wakeup: Int32
    private let state = Lock(State())

    init() throws(AMQPError) {
        wakeup = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeup >= 0 else {
            throw AMQPError(
                .outOfResources, "no file descriptor for a connection: \(errorText(errno)); raise ulimit -n")
        }
    }

    deinit {
        Glibc.close(wakeup)
    }

    /// Why the connection ended, nil while it serves commands.
    var ending: AMQPError? { state.withLock { $0.ending } }

    /// What the broker said when it stopped taking publishes (low memory or disk), nil when it takes them.
    var blockedReason: String? {
        get { state.withLock { $0.blockedReason } }
        set { state.withLock { $0.blockedReason = newValue } }
    }

    /// Hands a command to the thread, or fails it at once when the connection has ended.
    func post(_ command: Command) {
        let (ending, isFirst) = state.withLock { state in
            if state.ending == nil { state.commands.append(command) }
            return (state.ending, state.commands.count == 1)
        }
        if let ending {
            command.fail(ending)
        } else if isFirst {
            wake()
        }
    }

    /// Takes all waiting commands in order of their posting; for the thread.
    func takeAll() -> [Command] {
        var count: UInt64 = 0
        // Nothing to read only means that nobody posted since.
        _ = read(wakeup, &count, MemoryLayout<UInt64>.size)
        return state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Refuses all further commands with this error and fails those that wait.
    func close(_ error: AMQPError) {
        let left = state.withLock { state in
            defer { state.commands = [] }
            state.ending = state.ending ?? error
            state.blockedReason = nil
            return state.commands
        }
        for command in left { command.fail(error) }
    }

    private func wake() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the thread wakes anyway.
        _ = write(wakeup, &one, MemoryLayout<UInt64>.size)
    }
}
