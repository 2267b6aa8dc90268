/// Says why a text is not JSON, and at which byte.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        case unexpectedEnd
        case unexpectedByte
        case badNumber
        case badEscape
        case badUTF8
        case tooDeep
        case trailingBytes
    }

    package let code: Code
    package let message: String
    /// Bytes from the start of the text to the first byte that is wrong.
    package let offset: Int
    /// The same text fails the same way again.
    package var isRetryable: Bool { false }

    package var description: String { "not valid JSON at byte \(offset): \(message)" }

    package init(code: Code, message: String, offset: Int) {
        self.code = code
        self.message = message
        self.offset = offset
    }
}
