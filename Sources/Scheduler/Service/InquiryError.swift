package import Messages

/// Why workers did not tell what they were asked.
package struct InquiryError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// There is no connection to the broker, or none that may ask.
        case noBroker
        /// Nobody answered in time; the question was withdrawn.
        case noWorker
        /// A worker answered why it does not tell.
        case refused(RefusalCode)
    }

    package let code: Code
    /// The object, the cause and what to do next, in one sentence or two.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
