import API
import Console
import Manifests
import Messages
import Runtime
import Scheduler

struct RestoreCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "restore", abstract: "Run the RestoreSession of a file, and print the session's id.",
        discussion: """
            The file travels with the request; the AppBinding and the Repository it names are the Scheduler's, in a
            dry run the worker's that answers.
            """,
        options: [
            .value("file", short: "f", valueName: "FILE", help: "manifest with exactly one RestoreSession", isRequired: true),
            .flag("dry-run", help: "only show what it would do, and end with 5 if it would be refused; writes nothing"),
            .value(
                "plan-hash", valueName: "HASH",
                help: "start only if it would still do what a dry run with this hash showed, else end with 5"),
        ] + SessionStart.definitions)

    private let start: SessionStart
    private let broker: BrokerOption
    private let file: String
    private let isDryRun: Bool
    private let planHash: String?

    init(_ arguments: ParsedArguments) throws {
        start = try SessionStart(arguments)
        broker = try BrokerOption(arguments)
        file = try arguments.value("file")
        isDryRun = try arguments.flag("dry-run")
        planHash = try arguments.optionalValue("plan-hash")
        if isDryRun, try arguments.flag("wait") {
            throw UsageError(
                code: .conflict, message: "--dry-run starts nothing to --wait for: leave one of them out",
                command: arguments.command)
        }
    }

    func run() async throws {
        try await start.output.reporting {
            let resources = try ManifestFile.load(file)
            let restores = resources.restoreSessions
            guard let restore = restores.first, restores.count == 1 else {
                let found = restores.isEmpty ? "none" : restores.map { "\($0.value.key) in \($0.place)" }.joined(separator: ", ")
                throw CommandError(.usage, "\(file) must hold exactly one RestoreSession; found \(found)")
            }
            if resources.count > 1 {
                start.output.note("only \(restore.value.key) is sent; apply the other resources of \(file) with: sheaf apply -f")
            }
            if isDryRun { return try await show(restore.value) }
            if let planHash, try await plan(restore.value).planHash != planHash {
                throw CommandError(
                    .refused, "what the restore would do is not what was planned under this hash; look at it with --dry-run")
            }
            try await start.run(.restore(manifest: restore.value))
        }
    }

    private func plan(_ restore: RestoreSession) async throws -> RestorePlan {
        let client = try SheafClient(broker.address())
        try await client.connect()
        let reply = try await client.ask(.restorePlan(manifest: restore))
        await client.close()
        guard case .restorePlan(let preview) = reply else { throw CommandError.unexpected(reply) }
        return try RestorePlan(preview, of: restore)
    }

    private func show(_ restore: RestoreSession) async throws {
        let plan = try await plan(restore)
        let preview = plan.preview
        start.output.lines(RestorePlanTable.lines(preview, width: Terminal.isOutputTerminal ? Terminal.size.width : nil))
        if let hash = plan.planHash { start.output.line("\nplan hash \(hash)") }
        var line = RestorePlanTable.json(preview)
        line["planHash"] = plan.planHash.map { .string($0) }
        start.output.object(line)
        guard preview.problems.isEmpty else {
            throw CommandError(.refused, "the restore would be refused: \(preview.problems.joined(separator: "; "))")
        }
    }
}
