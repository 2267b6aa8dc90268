/// Why something could not be done with the snapshots of a repository.
///
/// `message` names the object, the cause and what to do.
package struct SnapshotError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        /// There is no such snapshot, index or journal.
        case notFound
        /// What was asked cannot be done: an ambiguous name, an empty policy, an object that would be too large.
        case refused
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
