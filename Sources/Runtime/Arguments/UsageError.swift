/// A mistake in the arguments or settings, told so that it can be put right.
package struct UsageError: ExitCodeProviding, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        case unknownOption
        case unknownCommand
        case missingValue
        case unexpectedValue
        case badValue
        case missingOption
        case repeatedOption
        case unexpectedArgument
        case conflict
        case unreadableFile
        /// A command reads an option that its table does not have: a mistake of the program.
        case undeclared
    }

    package let code: Code
    package let message: String
    /// The command as typed, such as "sheaf backup", when known.
    package var command: String?
    package var exitCode: ExitCode { .usage }
    package var isRetryable: Bool { false }

    package var description: String { message }

    package init(code: Code, message: String, command: String? = nil) {
        self.code = code
        self.message = message
        self.command = command
    }
}
