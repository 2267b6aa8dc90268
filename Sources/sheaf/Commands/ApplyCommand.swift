import Bus
import Manifests
import Messages
import Runtime

struct ApplyCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "apply", abstract: "Check manifests and hand them to a running Scheduler.",
        discussion: """
            All files are checked before the first is sent. Secrets are never sent: they stay on the machines
            that use them.
            """,
        options: [
            .value("file", short: "f", valueName: "PATH", help: "a manifest, or a folder of manifests", isRequired: true),
            OutputFormat.definition,
        ])

    /// Bytes; what is larger no program reads (`PoisonError.maximumCommand`, with room for the envelope and escapes).
    private static let largestFile = PoisonError.maximumCommand / 2

    private let broker: BrokerOption
    private let output: CommandOutput
    private let path: String

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        path = try arguments.value("file")
    }

    func run() async throws {
        try await output.reporting {
            let resources = try ManifestFile.load(path)
            if let secret = resources.secrets.first {
                throw CommandError(
                    .refused,
                    "\(secret.place): \(secret.value.key) is not sent, and nothing was applied: secrets stay on the machines that use"
                        + " them; move it into the --resources folder of the workers")
            }
            guard resources.count > 0 else { throw CommandError(.usage, "\(path) holds no resource that Sheaf handles") }
            let requests = try ManifestFile.files(at: path).map { file in
                let text = try ManifestFile.text(of: file)
                guard text.utf8.count <= Self.largestFile else {
                    throw CommandError(.usage, "\(file) is larger than \(ByteCount(Self.largestFile)); split it")
                }
                return ApplyRequest(manifests: text, fileName: file)
            }
            let client = try SheafClient(broker.address())
            try await client.connect()
            for request in requests {
                let reply = try await client.ask(
                    .apply, request, to: Topology.trigger, key: RoutingKey.apply, answerer: .scheduler)
                guard case .applied(let lines) = reply else { throw CommandError.unexpected(reply) }
                output.lines(lines)
                output.object([
                    "type": "applied", "file": .string(request.fileName), "resources": .array(lines.map { .string($0) }),
                ])
            }
            await client.close()
        }
    }
}
