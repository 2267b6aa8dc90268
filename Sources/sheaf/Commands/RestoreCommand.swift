import Manifests
import Messages
import Runtime

struct RestoreCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "restore", abstract: "Run the RestoreSession of a file, and print the session's id.",
        discussion: "The file travels with the request; the AppBinding and the Repository it names are the Scheduler's.",
        options: [
            .value("file", short: "f", valueName: "FILE", help: "manifest with exactly one RestoreSession", isRequired: true)
        ] + SessionStart.definitions)

    private let start: SessionStart
    private let file: String

    init(_ arguments: ParsedArguments) throws {
        start = try SessionStart(arguments)
        file = try arguments.value("file")
    }

    func run() async throws {
        try await start.output.reporting {
            let resources = try ManifestFile.load(file)
            let restores = resources.restoreSessions
            guard let restore = restores.first, restores.count == 1 else {
                let found = restores.isEmpty ? "none" : restores.map { "\($0.value.key) in \($0.place)" }.joined(separator: ", ")
                throw CommandError(.usage, "\(file) must hold exactly one RestoreSession; found \(found)")
            }
            if resources.count > 1 {
                start.output.note("only \(restore.value.key) is sent; apply the other resources of \(file) with: sheaf apply -f")
            }
            try await start.run(.restore(manifest: restore.value))
        }
    }
}
