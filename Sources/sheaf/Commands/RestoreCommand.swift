import API
import Console
import Manifests
import Messages
import Runtime
import Scheduler

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
            if let batch = batches.first {
                guard planHash == nil else {
                    throw CommandError(.usage, "--plan-hash is for one RestoreSession; look at a batch with --dry-run")
                }
                return try await start.run(.restoreBatch(manifest: batch.value))
            }
            for restore in restores.map(\.value) {
                if let planHash, try await plans([restore]).first?.planHash != planHash {
                    throw CommandError(
                        .refused,
                        "what the restore would do is not what was planned under this hash; look at it with --dry-run")
                }
                try await start.run(.restore(manifest: restore), planHash: planHash)
            }
        }
    }

    private func plans(_ restores: [RestoreSession]) async throws -> [RestorePlan] {
        let client = try SheafClient(broker.address())
        try await client.connect()
        var plans: [RestorePlan] = []
        for restore in restores {
            let reply = try await client.ask(.restorePlan(manifest: restore))
            guard case .restorePlan(let preview) = reply else { throw CommandError.unexpected(reply) }
            plans.append(try RestorePlan(preview, of: restore))
        }
        await client.close()
        return plans
    }

    /// Of a batch a plan for each member.
    private func show(_ restores: [RestoreSession]) async throws {
        let plans = try await plans(restores)
        for plan in plans {
            start.output.lines(
                RestorePlanTable.lines(plan.preview, width: Terminal.isOutputTerminal ? Terminal.size.width : nil))
            if let hash = plan.planHash { start.output.line("\nplan hash \(hash)") }
            var line = RestorePlanTable.json(plan.preview)
            line["planHash"] = plan.planHash.map { .string($0) }
            start.output.object(line)
        }
        let problems = plans.flatMap(\.preview.problems)
        guard problems.isEmpty else {
            throw CommandError(.refused, "the restore would be refused: \(problems.joined(separator: "; "))")
        }
    }
}
