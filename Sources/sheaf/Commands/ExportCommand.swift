import Console
import Glibc
import Messages
import Runtime
import Worker

extension SnapshotExport.Format: ArgumentValue {
    public static var argumentExpectation: String { "bulk or documents" }
    public init?(argument: String) { self.init(rawValue: argument) }
}

struct ExportCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "export", abstract: "Write documents of a snapshot as plain lines, straight from its repository.",
        discussion: """
            Needs neither broker nor cluster. Sources are written byte for byte; where one has raw line ends they become
            spaces, and its comments go.
            """,
        arguments: [PositionalDefinition("snapshot", help: "id of the snapshot, a part of it, or \"latest\"")],
        options: [
            .repeated(
                "index", short: "i", valueName: "NAME", help: "index of the snapshot, or a pattern with *; may be given again"),
            .value("repository", short: "r", valueName: "NS/NAME", help: "Repository that holds it", isRequired: true),
            .value(
                "format", valueName: "FORMAT", help: "bulk (action and source lines), or documents (sources alone)",
                default: "bulk"),
            .value("output-file", short: "o", valueName: "FILE", help: "a new file; default: standard output"),
        ] + ResourceOptions.definitions)

    private let snapshot: String
    private let indices: [String]
    private let repository: NamespacedName
    private let format: SnapshotExport.Format
    private let file: String?
    private let options: ResourceOptions

    init(_ arguments: ParsedArguments) throws {
        snapshot = try arguments.value("snapshot")
        indices = try arguments.values("index", as: String.self)
        repository = try arguments.value("repository")
        format = try arguments.value("format")
        file = try arguments.optionalValue("output-file")
        options = try ResourceOptions(arguments)
        guard !indices.isEmpty else {
            throw UsageError(
                code: .missingOption, message: "--index is missing: name one, or take all with --index '*'",
                command: arguments.command)
        }
    }

    func run() async throws {
        try await CommandError.naming {
            // A reader that has enough (`| head`) ends the export without a word, as it ends every other program.
            signal(SIGPIPE, SIG_DFL)
            let export = try SnapshotExport(resources: try options.load().resources, repository: repository.key(.repository))
            let output = try DocumentOutput(path: file)
            let report: SnapshotExport.Report
            do {
                report = try export.run(snapshot, indices: indices, format: format) { try output.write($0) }
                try output.finish()
            } catch {
                output.abandon()
                throw error
            }
            tell(report)
        }
    }

    /// Standard output may hold the documents.
    private func tell(_ report: SnapshotExport.Report) {
        for note in report.notes { Terminal.writeError("sheaf: \(note)\n") }
        if report.flattened > 0 {
            Terminal.writeError(
                "sheaf: \(FigureText.documents(report.flattened)) had raw line ends, which a line cannot hold: they are spaces now, and "
                    + "comments are gone\n")
        }
        Terminal.writeError(
            "sheaf: \(FigureText.documents(report.total)) of \(FigureText.indices(report.documents.count)), \(ByteCount(report.bytes)), of "
                + "snapshot \(report.snapshot)\n")
    }
}
