import AMQP
import Bus
import Runtime

struct TopologyCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "topology", abstract: "Declare on the broker what Sheaf's programs use.",
        subcommands: [TopologyApplyCommand.self, TopologyAsyncAPICommand.self])
}

struct TopologyApplyCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "apply", abstract: "Declare exchanges, queues and bindings. Repeating it changes nothing.",
        options: [
            .repeated(
                "scheduler", valueName: "NAME",
                help: "name of a Scheduler, each gets a reply queue; default: \(Topology.defaultScheduler)",
                environment: "SHEAF_SCHEDULER_NAME"),
            OutputFormat.definition,
        ])

    private let broker: BrokerOption
    private let schedulers: [String]
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        let named = try arguments.values("scheduler", as: String.self)
        schedulers = named.isEmpty ? [Topology.defaultScheduler] : named
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let topology = Topology(schedulers: schedulers)
            let address = try broker.address()
            let connection = try await BrokerConnection.open(address, name: "sheaf topology apply")
            do throws(AMQPError) {
                try await topology.declare(on: connection)
            } catch {
                guard error.code == .preconditionFailed else { throw error }
                throw CommandError(.refused, error.message)
            }
            await connection.close()
            output.line(
                "declared on \(address): \(topology.exchanges.count) exchanges, \(topology.queues.count) queues, "
                    + "\(topology.bindings.count) bindings")
            output.object([
                "type": "topology", "exchanges": .array(topology.exchanges.map { .string($0.name) }),
                "queues": .array(topology.queues.map { .string($0.name) }), "bindings": JSONValue(topology.bindings.count),
            ])
        }
    }
}
