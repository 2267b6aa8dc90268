import Archive
import Console
import Messages
import Runtime
import Snapshots

struct RepoPurgeCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "purge", abstract: "Delete a repository: every object under its prefix, all snapshots.",
        discussion: """
            Nothing brings it back. Refused while a session is open or somebody reads a snapshot, unless --force is given. FORMAT
            goes last: a purge that was interrupted is begun again with the same command.
            """,
        arguments: [RepositoryOption.argument],
        options: [
            .value(
                "yes", valueName: "NAME", help: "the repository's name once more, so that no other is meant", isRequired: true),
            .flag("force", help: "though it is in use"),
        ] + ResourceOptions.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let isForced: Bool
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        isForced = try arguments.flag("force")
        output = try CommandOutput(arguments)
        let meant = try arguments.value("yes", as: NamespacedName.self).key(.repository)
        guard meant == repository.key else {
            throw UsageError(
                code: .badValue, message: "--yes names \(meant), the command \(repository.key): give the same name twice",
                command: arguments.command)
        }
    }

    func run() async throws {
        try await output.reporting {
            let opened = try repository.open(for: .collecting)
            let report = try Purge(opened.repository.store).run(isForced: isForced)
            RepoPurge.tell(report, of: opened, output)
        }
    }
}

/// What both commands that delete a repository say in the end.
enum RepoPurge {
    static func tell(_ report: Purge.Report, of opened: RepositoryOption.Opened, _ output: CommandOutput) {
        output.line("deleted \(report.objects) objects, \(ByteCount(report.bytes)), in \(opened.repository.store.location)")
        output.line("\(opened.manifest.key) itself is a manifest among the resources: remove it there")
        output.object(["type": "purged", "objects": JSONValue(report.objects), "bytes": JSONValue(report.bytes)])
    }
}
