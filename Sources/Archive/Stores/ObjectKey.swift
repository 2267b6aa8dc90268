package import Crypto

/// The name of an object: components of unreserved characters (RFC 3986) joined by `/`, the same bytes in every store.
///
/// No component is empty or starts with a dot, so a key can neither leave a local root nor meet its private files;
/// lengths fit S3 (1,024 bytes a key) and POSIX (255 bytes a component).
package struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let maximumLength = 1_024
    package static let maximumComponentLength = 255

    package let text: String

    package init(_ text: String) throws(ArchiveError) {
        guard ObjectKey.isValid(text) else {
            throw ArchiveError(
                .invalid,
                "\"\(text)\" cannot name an object: use components of A-Z a-z 0-9 . _ ~ - joined by /, none starting with a dot")
        }
        self.text = text
    }

    private init(trusted text: String) {
        self.text = text
    }

    /// The repository's format, the first object anyone reads.
    package static let format = ObjectKey(trusted: "FORMAT")
    /// The text that tells a person how to restore without this program.
    package static let recovery = ObjectKey(trusted: "RECOVERY.md")
    /// The program that does it.
    package static let recoveryScript = ObjectKey(trusted: "recover.py")

    /// Segments are spread over 256 folders, because local file systems dislike huge ones.
    package static func segment(_ id: Digest) -> ObjectKey {
        let hex = id.hex
        return ObjectKey(trusted: "segments/\(hex.prefix(2))/\(hex)")
    }

    /// The `_id`s of a segment's documents.
    package static func inventory(_ segment: Digest) -> ObjectKey {
        let hex = segment.hex
        return ObjectKey(trusted: "inventory/\(hex.prefix(2))/\(hex)")
    }

    package static func manifest(_ id: Digest) -> ObjectKey {
        ObjectKey(trusted: "manifests/\(id.hex)")
    }

    package var description: String { text }

    package var components: [Substring] { text.split(separator: "/") }

    /// Keys order by their bytes, as object stores list them.
    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    static func isValid(_ text: String) -> Bool {
        guard (1...maximumLength).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            $0.count <= maximumComponentLength && !$0.isEmpty && $0.first != UInt8(ascii: ".")
                && $0.allSatisfy(PercentEncoding.isUnreserved)
        }
    }

    /// A prefix is the start of some key: it may be empty or end anywhere.
    static func isValidPrefix(_ prefix: String) -> Bool {
        prefix.isEmpty || isValid(prefix) || (prefix.utf8.last == UInt8(ascii: "/") && isValid(String(prefix.dropLast())))
    }
}
