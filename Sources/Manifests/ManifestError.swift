/// Says why manifests or secrets could not be read at all; what is wrong inside a manifest is a `FieldComplaint`.
package struct ManifestError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The file, folder or secret is not there.
        case notFound
        case unreadable
        /// A secret refers to something that it cannot be made of.
        case invalid
    }

    package let code: Code
    package let message: String
    /// Files may appear or become readable later, as mounted secrets do.
    package var isRetryable: Bool { code != .invalid }

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
