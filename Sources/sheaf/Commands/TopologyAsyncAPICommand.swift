import Bus
import Runtime

struct TopologyAsyncAPICommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "asyncapi", abstract: "Print the channels of docs/asyncapi.yaml: every exchange and queue, as AsyncAPI 3 in YAML.",
        options: [OutputFormat.definition])

    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws { output = try CommandOutput(arguments) }

    func run() async throws {
        output.line(Topology.documented.channelsYAML)
        output.object(["type": "channels", "channels": Topology.documented.channels])
    }
}
