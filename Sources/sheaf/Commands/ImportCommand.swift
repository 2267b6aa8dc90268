import Console
import Glibc
import Messages
import Runtime
import Worker

extension ConflictPolicy: ArgumentValue {
    public static var argumentExpectation: String { "fail, skip, append or overwrite" }

    public init?(argument: String) {
        guard let policy = ConflictPolicy(rawValue: argument), policy != .swapAlias else { return nil }
        self = policy
    }
}

struct ImportCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "import", abstract: "Load documents from plain lines into an index.",
        discussion: """
            Reads bulk lines, elasticdump's lines or sources alone; the first line tells. A document without an id gets one of
            its line, so that the same file again changes nothing. Needs no broker. Refused documents go to FILE.rejects, or
            to standard error, as lines that import reads again; the exit code is 1 then. With --conflict overwrite the file is
            read twice: what is there is deleted only when every line is a document. SIGINT and SIGTERM end the import and
            delete an index that it made.
            """,
        arguments: [PositionalDefinition("file", help: "lines of JSON; \"-\" or nothing is standard input", isRequired: false)],
        options: [
            .value("appbinding", short: "a", valueName: "NS/NAME", help: "AppBinding of the cluster", isRequired: true),
            .value("index", short: "i", valueName: "NAME", help: "index to load into; made if it is not there", isRequired: true),
            .value("pipeline", valueName: "NAME", help: "ingest pipeline that every document goes through; default: none"),
            .value(
                "conflict", valueName: "POLICY", help: "about an index that is there: fail, skip, append or overwrite",
                default: "fail"),
            .flag("allow-empty", help: "an input without documents makes an empty index, and is no error"),
            OutputFormat.definition,
        ] + ResourceOptions.definitions)

    private let file: String
    private let target: NamespacedName
    private let index: String
    private let pipeline: String?
    private let conflict: ConflictPolicy
    private let allowsEmpty: Bool
    private let options: ResourceOptions
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        file = try arguments.optionalValue("file") ?? "-"
        target = try arguments.value("appbinding")
        index = try arguments.value("index")
        pipeline = try arguments.optionalValue("pipeline")
        conflict = try arguments.value("conflict")
        allowsEmpty = try arguments.flag("allow-empty")
        options = try ResourceOptions(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let (resources, secrets) = try options.load()
            let input = file == "-" ? STDIN_FILENO : open(file, O_RDONLY)
            guard input >= 0 else {
                throw CommandError(errno == ENOENT ? .notFound : .failed, "\(file) cannot be read: \(errorText(errno))")
            }
            let rejects = RejectsFile(path: file == "-" ? nil : "\(file).rejects")
            let documents = try DocumentImport(resources: resources, secrets: secrets, target: target.key(.appBinding))
            let report = try await output.stoppable { isStopped in
                try documents.run(
                    file: input, name: file == "-" ? "standard input" : file, into: index, pipeline: pipeline, conflict: conflict,
                    allowsEmpty: allowsEmpty, isStopped: isStopped
                ) { try rejects.append($0.bytes) }
            }
            try rejects.close()
            for note in report.notes { output.note(note) }
            output.line("\(FigureText.documents(report.accepted)) (\(ByteCount(report.bytes))) loaded into \(index)")
            output.object([
                "type": "import", "index": .string(index), "documents": JSONValue(report.accepted),
                "rejected": JSONValue(report.rejected), "bytes": JSONValue(report.bytes),
                "rejects": report.rejected > 0 ? rejects.path.map { .string($0) } ?? .null : .null,
            ])
            guard report.rejected == 0 else {
                throw CommandError(
                    .failed,
                    "\(FigureText.documents(report.rejected)) refused; with their errors they are in \(rejects.path ?? "the lines above")"
                )
            }
        }
    }
}

/// Where refused documents go: a file beside the one that is read, made with the first of them, or standard error.
private final class RejectsFile {
    let path: String?
    private var file: CInt?

    init(path: String?) { self.path = path }

    func append(_ line: [UInt8]) throws {
        var target = file ?? STDERR_FILENO
        if file == nil, let path {
            target = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            guard target >= 0 else { throw CommandError(.failed, "\(path) cannot be made: \(errorText(errno))") }
            file = target
        }
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else {
                throw CommandError(.failed, "\(path ?? "standard error") cannot be written: \(errorText(errno))")
            }
            rest = rest.dropFirst(max(0, count))
        }
    }

    func close() throws {
        guard let file, let path else { return }
        guard fsync(file) == 0, Glibc.close(file) == 0 else {
            throw CommandError(.failed, "\(path) cannot be written: \(errorText(errno))")
        }
    }
}
