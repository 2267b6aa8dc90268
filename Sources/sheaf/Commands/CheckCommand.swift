import Console
import Messages
import Runtime

struct CheckCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "check", abstract: "Let a worker try out an AppBinding: login, TLS, version, privileges, limits, clock.",
        discussion: """
            Reads only. Ends with 0 when all is fine or worth a warning, with 5 when there is a problem. One worker answers, with its own
            secrets and from its own place in the network.
            """,
        arguments: [PositionalDefinition("name", help: "name of the AppBinding")],
        options: [
            .value(
                "namespace", short: "n", valueName: "NS", help: "namespace of the AppBinding", default: "default",
                environment: "SHEAF_NAMESPACE"), OutputFormat.definition,
        ])

    private let broker: BrokerOption
    private let output: CommandOutput
    private let namespace: String
    private let name: String

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        namespace = try arguments.value("namespace")
        name = try arguments.value("name")
    }

    func run() async throws {
        try await output.reporting {
            let client = try SheafClient(broker.address())
            try await client.connect()
            let reply = try await client.ask(.check(namespace: namespace, name: name))
            await client.close()
            guard case .check(let report) = reply else { throw CommandError.unexpected(reply) }
            output.lines(ClusterReportTable.lines(report))
            output.object(ClusterReportTable.json(report))
            if report.findings.contains(where: { $0.verdict == .problem }) { throw ExitCode.refused }
        }
    }
}
