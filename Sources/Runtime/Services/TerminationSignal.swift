import Glibc

/// The signals that ask a program to end.
package enum TerminationSignal: CInt, Sendable, CaseIterable {
    case interrupt = 2
    case terminate = 15

    /// What a shell shows for a program that this signal ended: 130 or 143.
    package var exitStatus: CInt { 128 + rawValue }

    /// The first of these signals that the process gets from now on; the second one ends the process at once.
    ///
    /// SIGPIPE is ignored from then on too, since a closed connection must be an error, not the end. Programs that are
    /// started must get that back (`POSIX_SPAWN_SETSIGDEF`).
    /// - Throws: `.signalsUnavailable` or `.threadUnavailable`.
    package static func received(_ signals: [TerminationSignal]) throws(RuntimeError) -> AsyncStream<TerminationSignal> {
        let (stream, continuation) = AsyncStream.makeStream(of: TerminationSignal.self, bufferingPolicy: .bufferingOldest(1))
        guard !signals.isEmpty else {
            continuation.finish()
            return stream
        }
        try ignoreBrokenPipes()
        try SignalPipe.shared.deliver(signals, to: continuation)
        return stream
    }

    /// Makes writing to a closed pipe or connection an error instead of the end of the program.
    package static func ignoreBrokenPipes() throws(RuntimeError) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = SIG_IGN
        guard sigaction(SIGPIPE, &action, nil) == 0 else {
            throw RuntimeError(code: .signalsUnavailable, message: "could not ignore SIGPIPE: \(errorText(errno))")
        }
    }
}
