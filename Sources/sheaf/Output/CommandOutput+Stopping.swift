import Archive
import Console
import Runtime
import Worker

extension CommandOutput {
    /// Runs work that blocks until SIGINT or SIGTERM asks it to stop; the second one ends the program at once.
    ///
    /// - Parameter body: fails as interrupted soon after `isStopped` says so, and takes away what it leaves.
    /// - Throws: the signal's exit code once the work has come to rest.
    func stoppable<Value>(
        _ body: (_ isStopped: @escaping @Sendable () -> Bool) throws -> Value
    ) async throws -> Value {
        let signals = try TerminationSignal.received(TerminationSignal.allCases)
        let received = Lock<TerminationSignal?>(nil)
        // The work blocks this task's thread.
        let listener = Task.detached { for await signal in signals { received.withLock { $0 = signal } } }
        defer { listener.cancel() }
        do {
            return try body { received.withLock { $0 != nil } }
        } catch  where Self.isInterruption(error) {
            note("\(error)")
            object(["type": "error", "code": "interrupted", "message": .string("\(error)")])
            throw received.withLock { $0 }.flatMap { ExitCode(rawValue: $0.exitStatus) } ?? .interrupted
        }
    }

    private static func isInterruption(_ error: any Error) -> Bool {
        switch error {
        case let error as TransferError: error.code == .interrupted
        case let error as ArchiveError: error.code == .interrupted
        default: false
        }
    }
}
