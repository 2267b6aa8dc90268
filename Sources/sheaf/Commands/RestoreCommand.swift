import Console
import Manifests
import Messages
import Runtime

struct RestoreCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "restore", abstract: "Run the RestoreSession or RestoreBatch of a file, and print the session's id.",
        discussion: """
            The file travels with the request; the AppBinding and the Repository it names are the Scheduler's, in a
            dry run the worker's that answers.
            """,
        options: [
            .value(
                "file", short: "f", valueName: "FILE", help: "manifest with exactly one RestoreSession or RestoreBatch",
                isRequired: true),
            .flag("dry-run", help: "only show what it would do, and end with 5 if it would be refused; writes nothing"),
        ] + SessionStart.definitions)

    private let start: SessionStart
    private let broker: BrokerOption
    private let file: String
    private let isDryRun: Bool

    init(_ arguments: ParsedArguments) throws {
        start = try SessionStart(arguments)
        broker = try BrokerOption(arguments)
        file = try arguments.value("file")
        isDryRun = try arguments.flag("dry-run")
        if isDryRun, try arguments.flag("wait") {
            throw UsageError(
                code: .conflict, message: "--dry-run starts nothing to --wait for: leave one of them out",
                command: arguments.command)
        }
    }

    func run() async throws {
        try await start.output.reporting {
            let resources = try ManifestFile.load(file)
            let (restores, batches) = (resources.restoreSessions, resources.restoreBatches)
            let all = restores.map { ($0.value.key, $0.place) } + batches.map { ($0.value.key, $0.place) }
            guard all.count == 1 else {
                let found = all.isEmpty ? "none" : all.map { "\($0.0) in \($0.1)" }.joined(separator: ", ")
                throw CommandError(.usage, "\(file) must hold exactly one RestoreSession or RestoreBatch; found \(found)")
            }
            if resources.count > 1 {
                start.output.note("only \(all[0].0) is sent; apply the other resources of \(file) with: sheaf apply -f")
            }
            if isDryRun { return try await show(restores.map(\.value) + batches.flatMap(\.value.restores)) }
            if let batch = batches.first { return try await start.run(.restoreBatch(manifest: batch.value)) }
            for restore in restores { try await start.run(.restore(manifest: restore.value)) }
        }
    }

    /// Of a batch a plan for each member.
    private func show(_ restores: [RestoreSession]) async throws {
        let client = try SheafClient(broker.address())
        try await client.connect()
        var problems: [String] = []
        for restore in restores {
            let reply = try await client.ask(.restorePlan(manifest: restore))
            guard case .restorePlan(let preview) = reply else { throw CommandError.unexpected(reply) }
            start.output.lines(RestorePlanTable.lines(preview, width: Terminal.isOutputTerminal ? Terminal.size.width : nil))
            start.output.object(RestorePlanTable.json(preview))
            problems += preview.problems
        }
        await client.close()
        guard problems.isEmpty else {
            throw CommandError(.refused, "the restore would be refused: \(problems.joined(separator: "; "))")
        }
    }
}
