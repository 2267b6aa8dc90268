import Bus
import Console
import Messages
import Runtime

struct SessionsCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "sessions", abstract: "List the newest sessions of the Scheduler's ledger.",
        options: [
            .value("limit", valueName: "N", help: "at most so many", default: "20"),
            OutputFormat.definition,
        ])

    private let broker: BrokerOption
    private let output: CommandOutput
    private let limit: Int

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        limit = try arguments.number("limit", in: 1...1000)
    }

    func run() async throws {
        try await output.reporting {
            let client = try SheafClient(broker.address())
            try await client.connect()
            let reply = try await client.ask(.sessions(limit: limit))
            guard case .sessions(let sessions) = reply else { throw CommandError.unexpected(reply) }
            await client.close()
            if sessions.isEmpty { output.note("no sessions yet; start one with: sheaf backup NAME") }
            if !sessions.isEmpty { output.lines(SessionTable.lines(sessions)) }
            for session in sessions { output.object(SessionReport.session(session)) }
        }
    }
}
