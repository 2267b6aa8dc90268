/// Says why the server could not start.
package struct WebServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        case addressInUse
        case addressNotAllowed
        case unknownHost
        case startFailed
    }

    package let code: Code
    package let message: String
    package let isRetryable: Bool

    package var description: String { message }
}
