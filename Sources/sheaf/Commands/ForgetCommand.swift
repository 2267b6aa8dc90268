import Archive
import Messages
import Runtime
import Snapshots

struct ForgetCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "forget", abstract: "Say of snapshots that they are no longer wanted, straight in their repository.",
        discussion: """
            From then on they are not listed and cannot be chosen; garbage collection deletes them, a day later at the earliest. Until
            then "sheaf keep" brings them back. All are forgotten, or none where one is kept or pinned.
            """,
        arguments: [
            PositionalDefinition(
                "snapshot", help: "id of the snapshot, or a part of one that no other has", isRepeatable: true)
        ],
        options: [.value("reason", valueName: "TEXT", help: "why, for those who look", default: "asked for by sheaf forget")]
            + RepositoryOption.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let selectors: [String]
    private let reason: String
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        selectors = try arguments.values("snapshot")
        reason = try arguments.value("reason")
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let catalog = SnapshotCatalog(store: try repository.open(for: .writing).repository.store)
            for answer in try ForgetRequest(catalog).run(selectors, reason: reason) {
                output.line("\(answer.snapshot): \(answer.isNew ? "forgotten" : "was forgotten before")")
                output.object([
                    "type": "forgotten", "snapshot": .string(answer.snapshot.text), "changed": .bool(answer.isNew),
                ])
            }
        }
    }
}
