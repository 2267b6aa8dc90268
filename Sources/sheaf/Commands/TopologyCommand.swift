import AMQP
import Bus
import Runtime

struct TopologyCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "topology", abstract: "Declare and check on the broker what Sheaf's programs use.",
        subcommands: [
            TopologyApplyCommand.self, TopologyCheckCommand.self, TopologyDefinitionsCommand.self,
            TopologyPermissionsCommand.self, TopologyAsyncAPICommand.self,
        ])
}

struct TopologyApplyCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "apply", abstract: "Declare exchanges, queues and bindings. Repeating it changes nothing.",
        options: [
            TopologySchedulers.definition,
            OutputFormat.definition,
        ])

    private let broker: BrokerOption
    private let schedulers: [String]
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        schedulers = try TopologySchedulers.names(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let topology = Topology(schedulers: schedulers)
            let address = try broker.address()
            let connection = try await BrokerConnection.open(address, name: "sheaf topology apply")
            try await topology.declare(on: connection)
            await connection.close()
            output.line("declared on \(address): \(topology.summary)")
            output.object(topology.line)
        }
    }
}

struct TopologyCheckCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "check", abstract: "Look whether exchanges, queues and bindings are as they should be.",
        discussion: """
            A user that may declare has all arguments compared (a difference: exit code 5) and missing bindings made again; any other
            learns only whether all names are there (one is missing: exit code 4).
            """,
        options: [TopologySchedulers.definition, OutputFormat.definition])

    private let broker: BrokerOption
    private let schedulers: [String]
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        schedulers = try TopologySchedulers.names(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let topology = Topology(schedulers: schedulers)
            let address = try broker.address()
            let connection = try await BrokerConnection.open(address, name: "sheaf topology check")
            let outcome: TopologyCheck
            do throws(AMQPError) {
                outcome = try await topology.check(on: connection)
            } catch {
                guard error.code == .notFound else { throw error }
                throw CommandError(.notFound, error.message)
            }
            await connection.close()
            let surplus = try await Topology.surplus(at: address)
            for queue in surplus {
                output.note(
                    "\(queue) is of an earlier version and read by nobody; remove it with: rabbitmqctl delete_queue \(queue)")
            }
            if let gap = outcome.gap { output.note(gap) }
            output.line("\(outcome.gap == nil ? "as it should be" : "all names are there") on \(address): \(topology.summary)")
            var line = topology.line
            line["isCompared"] = .bool(outcome.gap == nil)
            line["surplus"] = .array(surplus.map { .string($0) })
            output.object(line)
        }
    }
}

extension Topology {
    fileprivate var summary: String {
        "\(exchanges.count) exchanges, \(queues.count) queues, \(bindings.count) bindings"
    }

    /// The JSON line of both commands.
    fileprivate var line: JSONValue {
        [
            "type": "topology", "exchanges": .array(exchanges.map { .string($0.name) }),
            "queues": .array(queues.map { .string($0.name) }), "bindings": JSONValue(bindings.count),
        ]
    }
}
