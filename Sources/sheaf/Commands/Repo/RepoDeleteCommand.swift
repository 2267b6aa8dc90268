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
            let opened = try repository.open(for: .collecting)
            let purge = Purge(opened.repository.store)
            if opened.manifest.spec.wipeOut {
                return RepoPurge.tell(try purge.run(isForced: isForced), of: opened, output)
            }
            let size = try purge.size()
            let name = "\(opened.manifest.metadata.namespace)/\(opened.manifest.metadata.name)"
            output.line(
                "nothing was deleted, since spec.wipeOut is not true: \(size.objects) objects, \(ByteCount(size.bytes)), stay in "
                    + opened.repository.store.location)
            output.line("delete them with: sheaf repo purge \(name) --yes \(name)")
            output.line("\(opened.manifest.key) itself is a manifest among the resources: remove it there")
            output.object([
                "type": "kept", "location": .string(opened.repository.store.location), "objects": JSONValue(size.objects),
                "bytes": JSONValue(size.bytes),
            ])
        }
    }
}
