import Messages
import Runtime

struct LedgerCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "ledger", abstract: "See to the Scheduler's ledger of sessions.", subcommands: [LedgerRebuildCommand.self])
}

struct LedgerRebuildCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "rebuild", abstract: "Have the Scheduler read anew what all Repositories remember of their sessions.",
        discussion: """
            For a ledger that was put back from an old copy. One that was lost is rebuilt without being asked.
            What the ledger knows stays. "sheaf get repository" shows what is still to be read.
            """,
        options: [OutputFormat.definition])

    private let broker: BrokerOption
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let repositories = try await ask()
            if repositories.isEmpty { output.note("the Scheduler has no Repository, so there is nothing to read") }
            for repository in repositories {
                output.line("\(repository) is read")
                output.object(["type": "repository", "name": .string(repository)])
            }
        }
    }

    /// - Returns: the Repositories that are read.
    private func ask() async throws -> [String] {
        let client = try SheafClient(broker.address())
        try await client.connect()
        let reply = try await client.ask(.rebuildLedger)
        await client.close()
        guard case .rebuilding(let repositories) = reply else { throw CommandError.unexpected(reply) }
        return repositories
    }
}
