/// What people have said of a snapshot: docs/repository-format.md, section 6.
package struct SnapshotMarks: Hashable, Sendable {
    /// Each once, sorted.
    package private(set) var tags: [String] = []
    /// Neither retention nor `forget` takes a kept snapshot.
    package var isKept = false

    package init(tags: [String] = [], isKept: Bool = false) {
        self.tags = Set(tags).sorted()
        self.isKept = isKept
    }

    package mutating func add(_ tag: SnapshotTag) { tags = Set(tags + [tag.text]).sorted() }

    package mutating func remove(_ tag: SnapshotTag) { tags.removeAll { $0 == tag.text } }
}

/// A word that snapshots are marked with: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
package struct SnapshotTag: Hashable, Sendable, CustomStringConvertible {
    package static let expectation = "a tag of 1 to 64 letters, digits, \".\", \"_\" and \"-\""

    package let text: String

    package init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "._-".utf8.contains(byte)
            }
        }
        guard (1...64).contains(text.utf8.count), isPlain else { return nil }
        self.text = text
    }

    package var description: String { text }
}
