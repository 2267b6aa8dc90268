import FoundationEssentials

/// The object `FORMAT`: what a program must know before it touches anything else in the repository.
package struct RepositoryFormat: Hashable, Sendable, Codable {
    package static let currentVersion = 1

    package struct Algorithms: Hashable, Sendable, Codable {
        package var digest = "sha-256"
        package var compression = "zstd"
        package var encryption = Algorithms.none

        static let none = "none"
        static let aes = "aes-256-gcm"
    }

    /// Features that a program must know for a kind of access; one it does not know forbids that access, no other.
    package struct Features: Hashable, Sendable, Codable {
        package var read: [String] = []
        package var write: [String] = []
        package var gc: [String] = []
    }

    /// Always `sheaf`.
    package let format: String
    package let version: Int
    /// 32 hexadecimal digits, the same for every worker whatever path or URL it uses.
    package let repository: String
    /// RFC 3339, by the creator's clock; for people.
    package let created: String
    package let algorithms: Algorithms
    /// Where it is encrypted: the id of the first object in `keys/`.
    package let key: String?
    package let features: Features

    /// - Parameter key: the id of the first object in `keys/`; `nil` makes a repository that is not encrypted.
    init(repository: String, created: Date, key: String? = nil) {
        format = RepositoryFormat.name
        version = RepositoryFormat.currentVersion
        self.repository = repository
        self.created = created.formatted(Date.ISO8601FormatStyle())
        algorithms = Algorithms(encryption: key == nil ? Algorithms.none : Algorithms.aes)
        self.key = key
        features = Features()
    }

    package var isEncrypted: Bool { algorithms.encryption != Algorithms.none }

    func encoded() throws(ArchiveError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw ArchiveError(.invalid, "FORMAT cannot be written as JSON: \(error)")
        }
    }

    /// Looks at the version before anything else, since a newer one may have another shape.
    static func decoded(_ bytes: [UInt8], in location: String) throws(ArchiveError) -> RepositoryFormat {
        let decoder = JSONDecoder()
        let stamp: Stamp
        do {
            stamp = try decoder.decode(Stamp.self, from: Data(bytes))
        } catch {
            throw ArchiveError(.corrupt, "FORMAT in \(location) is no repository's: \(error); check the path, or restore FORMAT")
        }
        guard stamp.format == name else {
            throw ArchiveError(.invalid, "\(location) holds a \"\(stamp.format)\", not a repository of sheaf: give another place")
        }
        guard stamp.version == currentVersion else {
            throw ArchiveError(
                .unsupported,
                "the repository \(location) has format \(stamp.version), this program knows \(currentVersion): use a newer sheaf")
        }
        do {
            return try decoder.decode(RepositoryFormat.self, from: Data(bytes))
        } catch {
            throw ArchiveError(.corrupt, "FORMAT in \(location) is damaged: \(error); restore it from another copy")
        }
    }

    /// - Throws: `.unsupported` naming what this program does not know.
    func check(for access: RepositoryAccess, in location: String) throws(ArchiveError) {
        let required =
            switch access {
            case .reading: features.read
            case .writing: features.read + features.write
            case .collecting: features.read + features.gc
            }
        var unknown = required.map { "feature \($0)" }
        if algorithms.digest != "sha-256" { unknown.append("digest \(algorithms.digest)") }
        if algorithms.compression != "zstd" { unknown.append("compression \(algorithms.compression)") }
        if ![Algorithms.none, Algorithms.aes].contains(algorithms.encryption) {
            unknown.append("encryption \(algorithms.encryption)")
        }
        guard unknown.isEmpty else {
            throw ArchiveError(
                .unsupported,
                "the repository \(location) needs \(unknown.joined(separator: ", ")) for \(access), which this program does not "
                    + "know: use a newer sheaf")
        }
    }

    private static let name = "sheaf"

    private struct Stamp: Decodable {
        let format: String
        let version: Int
    }
}

/// What a program is going to do with a repository.
package enum RepositoryAccess: String, Hashable, Sendable {
    case reading
    case writing
    /// Retention and garbage collection.
    case collecting
}
