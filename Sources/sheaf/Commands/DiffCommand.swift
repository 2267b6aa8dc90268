import Archive
import Messages
import Runtime
import Snapshots

struct DiffCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "diff", abstract: "Tell how two snapshots of a repository differ: indices, definitions, objects.",
        discussion: """
            Compares numbers of documents, bytes and definitions of indices, and bodies of objects; no document is read. An index
            of as many documents and bytes as before counts as equal.
            """,
        arguments: [
            PositionalDefinition("old", help: SnapshotOption.help), PositionalDefinition("new", help: "the other one, likewise"),
        ], options: RepositoryOption.definitions + [SnapshotOption.target, OutputFormat.definition])

    private let repository: RepositoryOption
    private let target: SnapshotSource?
    private let selectors: [String]
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        target = try SnapshotOption.target(arguments)
        selectors = [try arguments.value("old"), try arguments.value("new")]
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let store = try repository.open().repository.store
            let catalog = SnapshotCatalog(store: store)
            let chosen = try selectors.map { try catalog.find($0, target: target) }
            for note in chosen.flatMap(\.notes) { output.note(note) }
            let diff = try SnapshotDiff(from: chosen[0].commit, to: chosen[1].commit, in: store)
            output.lines(SnapshotDiffText(diff).lines)
            output.object(SnapshotDiffText(diff).json)
        }
    }
}
