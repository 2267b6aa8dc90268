import Messages
import Runtime

struct BackupCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "backup", abstract: "Back up a plan now, and print the session's id.",
        discussion: "Publishes a trigger that a Scheduler answers; paused plans run too.",
        arguments: [PositionalDefinition("name", help: "name of the BackupConfiguration or BackupBatch")],
        options: [
            .value(
                "namespace", short: "n", valueName: "NS", help: "namespace of the plan", default: "default",
                environment: "SHEAF_NAMESPACE"),
            .value(
                "kind", valueName: "KIND", help: "BackupConfiguration or BackupBatch, where there are both of that name"),
        ] + SessionStart.definitions)

    private let start: SessionStart
    private let name: String
    private let namespace: String
    private let kind: String?

    init(_ arguments: ParsedArguments) throws {
        start = try SessionStart(arguments)
        name = try arguments.value("name")
        namespace = try arguments.value("namespace")
        kind = try arguments.optionalValue("kind")
    }

    func run() async throws {
        try await start.output.reporting { try await start.run(.backup(namespace: namespace, name: name, kind: kind)) }
    }
}
