package import Crypto
package import FoundationEssentials

/// A repository whose format this program knows.
package struct OpenRepository: Sendable {
    package let store: RepositoryStore
    package let format: RepositoryFormat

    /// What units carry, so that a folder that is not the shared one is told instead of filled.
    package var id: String { format.repository }

    /// - Parameter protection: how it is meant to be kept; what lies in the store is believed only where it fits.
    /// - Throws: `.notFound` when there is no repository, `.unsupported` when it needs a newer program, `.wrongPassword`, `.invalid` when it
    ///   is kept in another way.
    package static func open(
        _ store: any ObjectStore, protection: Protection, for access: RepositoryAccess
    ) throws(ArchiveError) -> OpenRepository {
        guard let bytes = try store.get(.format) else {
            if let object = try leftover(in: store) { throw formatGone(.notFound, object, in: store) }
            throw ArchiveError(
                .notFound, "there is no repository in \(store.location): check the path and its mount, or create the repository")
        }
        let format = try RepositoryFormat.decoded(bytes, in: store.location)
        try format.check(for: access, in: store.location)
        let keys = try keys(of: format, protection: protection, in: store)
        return OpenRepository(store: RepositoryStore(store, keys: keys), format: format)
    }

    /// Creates a repository, or opens the one that is there: any number of creators agree on one.
    ///
    /// A store that lets a second writer win is refused before anything is made, and so is one that holds what a repository left whose
    /// `FORMAT` is gone.
    /// - Parameters:
    ///   - now: for people who read `FORMAT`.
    ///   - cost: of guessing the password.
    package static func create(
        _ store: any ObjectStore, protection: Protection, now: Date, cost: ScryptCost = .standard
    ) throws(ArchiveError) -> OpenRepository {
        if try store.get(.format) == nil {
            try checkEmpty(store)
            try StoreProbe.check(store)
            try make(in: store, protection: protection, now: now, cost: cost)
        }
        let repository = try open(store, protection: protection, for: .writing)
        // The script is put last, so that a creator who died between the objects is made good by the next. What is there already stays.
        if try store.size(.recoveryScript) == nil {
            _ = try store.put(Array(RecoveryText.text(for: repository.format).utf8), at: .recovery)
            _ = try store.put(PackageResources.recover_py, at: .recoveryScript)
        }
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

    /// Makes sure that a store without `FORMAT` has no snapshots, sessions or documents: a second repository on top of them would hide them.
    private static func checkEmpty(_ store: any ObjectStore) throws(ArchiveError) {
        guard let object = try leftover(in: store) else { return }
        // Another creator may have been faster, and somebody may write there already.
        guard try store.get(.format) == nil else { return }
        throw formatGone(.corrupt, object, in: store)
    }

    /// A snapshot, an entry of a session or a segment, whatever comes first.
    private static func leftover(in store: any ObjectStore) throws(ArchiveError) -> ObjectKey? {
        for prefix in ["outcomes/", "sessions/", "segments/"] {
            if let object = try store.list(prefix, after: nil, limit: 1).first { return object.key }
        }
        return nil
    }

    private static func formatGone(_ code: ArchiveError.Code, _ object: ObjectKey, in store: any ObjectStore) -> ArchiveError {
        ArchiveError(
            code,
            "\(store.location) holds objects of a repository whose FORMAT is gone, such as \(object): restore FORMAT from a copy, or give "
                + "another prefix")
    }

    /// Puts `FORMAT`, and before it the key that it names. Whose `FORMAT` is not the first takes its key away again; should that fail,
    /// the key belongs to a repository that there is not, and nobody uses it.
    private static func make(
        in store: any ObjectStore, protection: Protection, now: Date, cost: ScryptCost
    ) throws(ArchiveError) {
        let repository = try randomID()
        guard case .password(let password, _, _) = protection else {
            _ = try store.put(RepositoryFormat(repository: repository, created: now).encoded(), at: .format)
            return
        }
        let key = try KeyObject.make(
            try Keyring().rotated(), repository: repository, password: password, label: "main", now: now, cost: cost)
        guard try store.put(key.encoded(), at: key.key) == .created else {
            throw ArchiveError(.exists, "\(store.location) has a key \(key.id) already: try again")
        }
        let format = RepositoryFormat(repository: repository, created: now, key: key.id)
        if try store.put(format.encoded(), at: .format) == .existing, let standing = try store.get(.format),
            try RepositoryFormat.decoded(standing, in: store.location).key != key.id
        {
            try store.delete(key.key)
        }
    }

    /// - Returns: `nil` for a repository that is not encrypted, and is not meant to be.
    private static func keys(
        of format: RepositoryFormat, protection: Protection, in store: any ObjectStore
    ) throws(ArchiveError) -> RepositoryKeys? {
        switch (format.isEncrypted, protection) {
        case (false, .none): return nil
        case (true, .none):
            throw ArchiveError(
                .invalid,
                "the repository \(store.location) is encrypted, and was asked for without a password: give its password, and take away "
                    + "the annotation that says it is not")
        case (false, .password):
            throw ArchiveError(
                .invalid,
                "the repository \(store.location) is not encrypted, and was to be: whoever may write there can have put another FORMAT "
                    + "in its place; restore FORMAT, or annotate the Repository with sheaf.dev/encryption: none")
        case (true, .password(let password, let cache, let name)):
            guard let key = format.key, [UInt8](hex: key)?.count == 16 else {
                throw ArchiveError(
                    .corrupt, "FORMAT in \(store.location) is damaged: it names no key; restore it from another copy")
            }
            let keys = try cache.keys(of: format, firstKey: key, password: password, name: name, location: store.location)
            try keys.check(in: store)
            return keys
        }
    }
}
