import Archive
import Console
import Glibc
import Messages
import Runtime
import Snapshots
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
            spaces, and its comments go. With --segment it writes the documents that a restore's target refused, with their
            errors, as lines that import takes; the restore's status names the segments.
            """,
        arguments: [
            PositionalDefinition(
                "snapshot", help: SnapshotOption.help + "; not with --segment", isRequired: false)
        ],
        options: [
            .repeated(
                "index", short: "i", valueName: "NAME", help: "index of the snapshot, or a pattern with *; may be given again"),
            .repeated("segment", valueName: "ID", help: "segment of refused documents; may be given again"),
            .value(
                "format", valueName: "FORMAT", help: "bulk (action and source lines), or documents (sources alone)",
                default: "bulk"),
            .value("output-file", short: "o", valueName: "FILE", help: "a new file; default: standard output"),
        ] + RepositoryOption.definitions + [SnapshotOption.target])

    /// What is written.
    private enum Subject {
        case snapshot(String, indices: [String])
        case segments([String])
    }

    private let subject: Subject
    private let repository: RepositoryOption
    private let format: SnapshotExport.Format
    private let file: String?
    private let target: SnapshotSource?

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        format = try arguments.value("format")
        file = try arguments.optionalValue("output-file")
        target = try SnapshotOption.target(arguments)
        let indices = try arguments.values("index", as: String.self)
        let segments = try arguments.values("segment", as: String.self)
        func mistake(_ code: UsageError.Code, _ message: String) -> UsageError {
            UsageError(code: code, message: message, command: arguments.command)
        }
        if let snapshot = try arguments.optionalValue("snapshot", as: String.self) {
            guard segments.isEmpty else { throw mistake(.conflict, "name a snapshot or --segment, not both") }
            guard !indices.isEmpty else {
                throw mistake(.missingOption, "--index is missing: name one, or take all with --index '*'")
            }
            subject = .snapshot(snapshot, indices: indices)
        } else {
            guard !segments.isEmpty else { throw mistake(.missingOption, "SNAPSHOT is missing: name one, or \"latest\"") }
            guard indices.isEmpty, arguments.origin(of: "format") == nil else {
                throw mistake(.conflict, "--segment is written whole and in one format: leave out --index and --format")
            }
            subject = .segments(segments)
        }
    }

    func run() async throws {
        try await CommandError.naming {
            // A reader that has enough (`| head`) ends the export without a word, as it ends every other program.
            signal(SIGPIPE, SIG_DFL)
            let store = try repository.open().repository.store
            switch subject {
            case .snapshot(let snapshot, let indices):
                let export = SnapshotExport(store: store)
                tell(try write { try export.run(snapshot, of: target, indices: indices, format: format, write: $0) })
            case .segments(let segments):
                let export = RejectsExport(store: store)
                tell(try write { try export.run(segments, write: $0) })
            }
        }
    }

    private func write<Report>(_ body: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Report) throws -> Report {
        let output = try DocumentOutput(path: file)
        do {
            let report = try body { try output.write($0) }
            try output.finish()
            return report
        } catch {
            output.abandon()
            throw error
        }
    }

    /// Standard output may hold the documents.
    private func tell(_ report: SnapshotExport.Report) {
        for note in report.notes { Terminal.writeError("sheaf: \(note)\n") }
        tellFlattened(report.flattened)
        Terminal.writeError(
            "sheaf: \(FigureText.documents(report.total)) of \(FigureText.indices(report.documents.count)), \(ByteCount(report.bytes)), of "
                + "snapshot \(report.snapshot)\n")
    }

    private func tell(_ report: RejectsExport.Report) {
        tellFlattened(report.flattened)
        Terminal.writeError("sheaf: \(FigureText.documents(report.documents)) that were refused, \(ByteCount(report.bytes))\n")
    }

    private func tellFlattened(_ count: Int) {
        guard count > 0 else { return }
        Terminal.writeError(
            "sheaf: \(FigureText.documents(count)) had raw line ends, which a line cannot hold: they are spaces now, and "
                + "comments are gone\n")
    }
}
