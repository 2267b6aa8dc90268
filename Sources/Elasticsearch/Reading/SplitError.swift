/// Why bytes cannot be cut into documents.
package struct SplitError: Error, Sendable {
    package enum Kind: Sendable {
        case malformed
        case limit
        /// A hit has no `_source`.
        case sourceMissing
    }

    package let kind: Kind
    package let message: String
}
