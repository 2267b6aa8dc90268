import Archive
import Console
import Manifests
import Messages
import Runtime
import Snapshots

struct RepoPurgeCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "purge", abstract: "Delete a repository: every object of it under its prefix, all snapshots.",
        discussion: """
            Nothing brings it back. Refused while a session is open or somebody reads a snapshot, unless --force is given, and
            always where another repository lies below. What is none of Sheaf's stays and is named. A purge that was interrupted
            is begun again with the same command, also where workers have stored since.
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
            let (manifest, store) = try repository.openForPurge()
            RepoPurge.tell(try Purge(store).run(isForced: isForced), of: manifest, in: store.location, output)
        }
    }
}

/// What both commands that delete a repository say in the end.
enum RepoPurge {
    static func tell(_ report: Purge.Report, of manifest: Repository, in location: String, _ output: CommandOutput) {
        if !report.overridden.isEmpty { output.note("though it was in use: \(Purge.some(of: report.overridden))") }
        output.line("deleted \(report.objects) objects, \(ByteCount(report.bytes)), in \(location)")
        tellLeft(report, output)
        output.line("\(manifest.key) itself is a manifest among the resources: remove it there")
        output.object([
            "type": "purged", "objects": JSONValue(report.objects), "bytes": JSONValue(report.bytes),
            "left": JSONValue(report.leftCount), "leftNames": .array(report.left.map { .string($0) }),
            "overridden": .array(report.overridden.map { .string($0) }),
        ])
    }

    private static func tellLeft(_ report: Purge.Report, _ output: CommandOutput) {
        guard report.leftCount > 0 else { return }
        let more = report.leftCount > report.left.count ? " and \(report.leftCount - report.left.count) more" : ""
        output.line("left, since nothing of Sheaf has such names: \(report.left.joined(separator: ", "))\(more)")
    }
}
