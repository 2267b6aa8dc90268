import Archive
import Manifests
import Messages
import Runtime
import Worker

/// A Repository among the resources of this machine, for commands that work straight on its store.
struct RepositoryOption: Sendable {
    /// For commands that are about snapshots: `--repository NS/NAME`.
    static let definitions: [OptionDefinition] =
        [.value(name, short: "r", valueName: "NS/NAME", help: "Repository that holds it", isRequired: true)]
        + ResourceOptions.definitions
    /// For commands that are about the repository itself: its name comes first, the options are those of `ResourceOptions`.
    static let argument = PositionalDefinition(name, help: "name of the Repository, or NAMESPACE/NAME")

    private static let name = "repository"

    let key: ResourceKey
    private let options: ResourceOptions

    /// - Parameter name: of the option or argument that names the Repository, where a command has several.
    init(_ arguments: ParsedArguments, name: String = RepositoryOption.name) throws {
        key = try arguments.value(name, as: NamespacedName.self).key(.repository)
        options = try ResourceOptions(arguments)
    }

    /// A repository and what this machine knows of it.
    struct Opened {
        let manifest: Repository
        let resources: ResourceSet
        let secrets: SecretSource
        let repository: OpenRepository
    }

    /// Opens the repository as a worker of this machine does.
    ///
    /// - Parameters:
    ///   - access: what is going to be done with it.
    ///   - creating: make the repository if there is none.
    ///   - isStopped: all calls to the store but deletions fail once it says so; nil: nothing stops them.
    /// - Throws: `CommandError(.notFound)` when the resources do not name it; `WorkerError`; `ArchiveError`, `.notFound` when there is none.
    func open(
        for access: RepositoryAccess = .reading, creating: Bool = false, isStopped: (@Sendable () -> Bool)? = nil
    ) throws -> Opened {
        let known = try known()
        let pool = RepositoryPool(resources: known.resources, secrets: known.secrets) { store in
            guard let isStopped else { return store }
            return StoppableStore(store, isStopped: isStopped)
        }
        return Opened(
            manifest: known.manifest, resources: known.resources, secrets: known.secrets,
            repository: try pool.openHere(known.manifest, for: access, creating: creating))
    }

    /// For a command that deletes the repository: opened where it can be, else, where `FORMAT` or all keys are gone, what is left in its store.
    func openForPurge() throws -> (manifest: Repository, store: RepositoryStore) {
        let known = try known()
        do {
            return (known.manifest, try known.pool.openHere(known.manifest, for: .collecting).store)
        } catch let error as ArchiveError where error.code == .notFound || error.code == .corrupt {
            let bare = try known.pool.bareStore(of: known.manifest)
            let isRest = try bare.list("keys/", after: nil, limit: 1).isEmpty
            guard error.code == .notFound || isRest else { throw error }
            return (known.manifest, bare)
        }
    }

    private struct Known {
        let manifest: Repository
        let resources: ResourceSet
        let secrets: SecretSource
        var pool: RepositoryPool { RepositoryPool(resources: resources, secrets: secrets) }
    }

    private func known() throws -> Known {
        let (resources, secrets) = try options.load()
        guard let manifest = resources.repository(key)?.value else {
            let known = resources.repositories.map { "\($0.value.metadata.namespace)/\($0.value.metadata.name)" }
            throw CommandError(
                .notFound,
                "\(key) is not among the resources; there \(known.isEmpty ? "is none" : "is \(known.joined(separator: ", "))")")
        }
        return Known(manifest: manifest, resources: resources, secrets: secrets)
    }
}
