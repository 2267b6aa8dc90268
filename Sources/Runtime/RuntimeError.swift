import Glibc

/// What this module throws, apart from `JSONError` (a text) and `UsageError` (a command line).
package struct RuntimeError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        case threadUnavailable
        case signalsUnavailable
        case badFormat
        case serviceFinished
        case graceTimeOver
    }

    package let code: Code
    package let message: String
    package let isRetryable: Bool

    package var description: String { message }

    package init(code: Code, message: String, isRetryable: Bool = false) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
    }
}

/// The words of the C library for an error number, such as "No space left on device".
package func errorText(_ number: CInt) -> String {
    guard let text = strerror(number) else { return "error \(number)" }
    return String(cString: text)
}
