/// Why an export or an import ended, in a sentence for the user.
package struct TransferError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// No such resource, snapshot or index.
        case notFound
        /// Something is in the way.
        case refused
        /// What was read is not what it should be.
        case damaged
        /// The file that is read or written.
        case file
        /// The cluster does not do what it is asked for.
        case cluster
        /// It was told to stop.
        case interrupted
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
