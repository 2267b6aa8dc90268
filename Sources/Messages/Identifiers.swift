package import Runtime

/// Names one backup or restore for ever: 32 lower-case hexadecimal digits.
///
/// Derived from what was asked (`SessionIdentity`), so that the same trigger is the same session however often it is delivered.
package struct SessionID: Hashable, Sendable, Codable, CustomStringConvertible {
    package let text: String

    /// - Returns: nil unless `text` is 1 to 64 characters of `a-z`, `0-9` and `-`: it becomes part of object keys and index aliases.
    package init?(_ text: String) {
        guard Identifier.isPlain(text) else { return nil }
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        self.text = try Identifier.decode(from: decoder, what: "session id")
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    package var description: String { text }
}

/// Names one repository: chosen at random when the repository is created, kept in its `FORMAT`.
///
/// Units carry it, so that two folders that were meant to be one shared folder are noticed.
package struct RepositoryID: Hashable, Sendable, Codable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        guard Identifier.isPlain(text) else { return nil }
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        self.text = try Identifier.decode(from: decoder, what: "repository id")
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    package var description: String { text }
}

/// Names one committed outcome: `<UTC time>-<session id>`, for example `20261123T140211Z-4f0c…`. Sorts by time.
package struct SnapshotID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        guard text.utf8.count > 17, text.utf8.count <= 96,
            text.utf8.allSatisfy({ Identifier.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || (0x41...0x5A).contains($0) })
        else { return nil }
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = SnapshotID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a snapshot id"))
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The name of what a session that began at `startedAt` commits: `20261123T140211Z-<session id>`.
    package init(startedAt: Timestamp, session: SessionID) {
        let digits = startedAt.description.prefix(19).filter { $0 != "-" && $0 != ":" }
        text = "\(digits)Z-\(session)"
    }

    /// The second at which its session began; nil where the name does not begin with one.
    package var time: Timestamp? {
        let digits = Array(text.prefix(16))
        guard digits.count == 16, digits[8] == "T", digits[15] == "Z" else { return nil }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        let date = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
        return try? Timestamp(parsing: "\(date)T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }

    package static func < (left: SnapshotID, right: SnapshotID) -> Bool { left.text < right.text }

    package var description: String { text }
}

/// The alphabet that every identifier of Sheaf keeps to: safe in object keys, alias names, routing keys and shells.
enum Identifier {
    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }

    static func isPlain(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    static func decode(from decoder: any Decoder, what: String) throws -> String {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard isPlain(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a \(what)"))
        }
        return text
    }
}
