import Crypto
package import FoundationEssentials

/// A repository whose format this program knows.
package struct OpenRepository: Sendable {
    package let store: any ObjectStore
    package let format: RepositoryFormat

    /// What units carry, so that a folder that is not the shared one is told instead of filled.
    package var id: String { format.repository }

    /// - Throws: `.notFound` when there is no repository, `.unsupported` when it needs a newer program.
    package static func open(_ store: any ObjectStore, for access: RepositoryAccess) throws(ArchiveError) -> OpenRepository {
        guard let bytes = try store.get(.format) else {
            throw ArchiveError(
                .notFound, "there is no repository in \(store.location): check the path and its mount, or create the repository")
        }
        let format = try RepositoryFormat.decoded(bytes, in: store.location)
        try format.check(for: access, in: store.location)
        return OpenRepository(store: store, format: format)
    }

    /// Creates a repository, or opens the one that is there: any number of creators agree on one.
    ///
    /// A store that lets a second writer win is refused before anything is made.
    /// - Parameter now: for people who read `FORMAT`.
    package static func create(_ store: any ObjectStore, now: Date) throws(ArchiveError) -> OpenRepository {
        if try store.get(.format) == nil {
            try probe(store)
            let format = RepositoryFormat(repository: try randomHex(), created: now)
            _ = try store.put(format.encoded(), at: .format)
        }
        let repository = try open(store, for: .writing)
        // By every creator, so that one who died between the two objects is made good.
        _ = try store.put(Array(RecoveryText.text(for: repository.format).utf8), at: .recovery)
        return repository
    }

    /// Stores a finished segment.
    /// - Returns: only once it is durable.
    package func put(_ segment: StagedSegment) throws(ArchiveError) {
        _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
    }

    /// Stores a finished manifest; one that is there already is the same.
    package func put(manifest: StagedFile) throws(ArchiveError) {
        _ = try store.upload(contentsOf: manifest.path, at: .manifest(manifest.digest))
    }

    /// Puts one name twice: a store that does not know conditional puts may answer "created" both times and overwrite.
    private static func probe(_ store: any ObjectStore) throws(ArchiveError) {
        let key = try ObjectKey("probe/\(randomHex())")
        let first = Array("first".utf8)
        guard try store.put(first, at: key) == .created else { throw unconditional(store, "a new name was taken") }
        let second = try store.put(Array("second".utf8), at: key)
        let kept = try store.get(key)
        try store.delete(key)
        guard second == .existing else { throw unconditional(store, "a second put of one name was accepted") }
        guard kept == first else { throw unconditional(store, "a second put of one name changed the object") }
    }

    private static func unconditional(_ store: any ObjectStore, _ finding: String) -> ArchiveError {
        ArchiveError(
            .unsupported,
            "\(store.location) cannot hold a repository: \(finding), so two workers could overwrite each other; "
                + "use a store with conditional puts")
    }

    private static func randomHex() throws(ArchiveError) -> String {
        try digesting { () throws(CryptoError) in try randomBytes(16) }.hex
    }
}
