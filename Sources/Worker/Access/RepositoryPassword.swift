import Archive
import Manifests
import Messages
import Runtime

/// What a Repository's own manifest and Secret say of its encryption.
enum RepositoryPassword {
    case password(Sensitive, of: ResourceKey)
    /// The manifest says that nothing is to be encrypted.
    case none

    /// The value `none` alone has a meaning.
    static let annotation = RepositoryAnnotation.encryption.rawValue
    /// Stash's key, and the one for those who never used it.
    static let secretKeys = ["RESTIC_PASSWORD", "SHEAF_PASSWORD"]

    /// - Throws: `WorkerError`: `.missingHere` without a password, which another worker may have, `.refused` for what nobody can mean.
    init(of repository: Repository, in secrets: SecretSource) throws(WorkerError) {
        if let encryption = repository.metadata.annotations[Self.annotation] {
            guard encryption == "none" else {
                throw WorkerError(
                    .refused,
                    "\(repository.key) has the annotation \(Self.annotation): \"\(encryption)\", and only \"none\" has a meaning")
            }
            self = .none
            return
        }
        guard let key = repository.secretKey else {
            throw WorkerError(
                .missingHere,
                "\(repository.key) names no Secret: set spec.backend.storageSecretName to one with RESTIC_PASSWORD, or annotate it with "
                    + "\(Self.annotation): none")
        }
        let secret: Secret
        do throws(ManifestError) {
            secret = try secrets.secret(key)
        } catch {
            throw WorkerError(.missingHere, error.message)
        }
        let values = Self.secretKeys.compactMap { secret[$0] }
        guard !values.isEmpty else {
            throw WorkerError(
                .missingHere,
                "\(key) has no RESTIC_PASSWORD, which \(repository.key) is encrypted with; add it, or annotate the Repository with "
                    + "\(Self.annotation): none")
        }
        // The same password may come from a file with a line end, and from a manifest without one.
        let texts = values.map { $0.text?.withoutLineEnds }
        guard texts.allSatisfy({ $0 == texts[0] }) else {
            throw WorkerError(
                .refused, "\(key) has two passwords, RESTIC_PASSWORD and SHEAF_PASSWORD, that differ: leave one out")
        }
        guard let text = texts[0], !text.isEmpty else {
            throw WorkerError(.refused, "the password of \(key) is empty, or no text in UTF-8: give another one")
        }
        self = .password(text, of: key)
    }

    func protection(_ keyrings: KeyringCache) -> Protection {
        switch self {
        case .password(let password, let key): .password(password, keyrings, name: "the password of \(key)")
        case .none: .none
        }
    }
}
