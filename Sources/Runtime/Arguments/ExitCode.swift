/// What a command tells its caller when it ends. Codes are only ever added; an unknown one means failure.
///
/// Throw one to end a command with it when everything has been said already.
package enum ExitCode: CInt, Error, Sendable {
    case done = 0
    case failed = 1
    /// Wrong arguments or settings.
    case usage = 2
    /// Some of several sessions failed.
    case partial = 3
    case notFound = 4
    /// A conflict, or a confirmation that was not given.
    case refused = 5
    /// The cluster, the broker or the store does not answer.
    case unreachable = 6
    /// Damaged data, or a restore drill that did not match.
    case integrity = 7
    /// Waiting took too long; the session goes on.
    case waitTimedOut = 8
    case interrupted = 130
    case terminated = 143
}

/// An error that knows with which code the command should end.
package protocol ExitCodeProviding: Error {
    var exitCode: ExitCode { get }
}

extension ServiceGroup.Ending {
    /// The exit code of a command for people; a daemon that was told to stop is done instead.
    package var exitCode: ExitCode {
        switch self {
        case .finished, .requested: .done
        case .signal(let number): ExitCode(rawValue: 128 + number) ?? .failed
        }
    }
}
