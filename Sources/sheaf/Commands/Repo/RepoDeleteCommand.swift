import Archive
import Console
import Messages
import Runtime
import Snapshots

struct RepoDeleteCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "delete", abstract: "Give a repository up as its spec.wipeOut says: delete its objects, or leave them.",
        discussion:
            "As deleting a Repository does in Stash. With wipeOut it is refused while the repository is in use, as purge is.",
        arguments: [RepositoryOption.argument],
        options: [.flag("force", help: "though it is in use")] + ResourceOptions.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let isForced: Bool
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        isForced = try arguments.flag("force")
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let (manifest, store) = try repository.openForPurge()
            let purge = Purge(store)
            if manifest.spec.wipeOut {
                return RepoPurge.tell(try purge.run(isForced: isForced), of: manifest, in: store.location, output)
            }
            let size = try purge.size()
            guard size.objects > 0 else { throw CommandError(.notFound, "there is no repository in \(store.location)") }
            let name = "\(manifest.metadata.namespace)/\(manifest.metadata.name)"
            output.line(
                "nothing was deleted, since spec.wipeOut is not true: \(size.objects) objects, \(ByteCount(size.bytes)), stay in "
                    + store.location)
            output.line("delete them with: sheaf repo purge \(name) --yes \(name)")
            output.line("\(manifest.key) itself is a manifest among the resources: remove it there")
            output.object([
                "type": "kept", "location": .string(store.location), "objects": JSONValue(size.objects),
                "bytes": JSONValue(size.bytes),
            ])
        }
    }
}
