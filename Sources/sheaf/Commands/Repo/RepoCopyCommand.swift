import Archive
import Console
import Messages
import Runtime
import Sessions
import Snapshots

struct RepoCopyCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "copy", abstract: "Copy snapshots into another repository, under the same ids.",
        discussion: """
            The other repository is made where there is none. Every frame is checked on the way and encrypted with the other
            one's key. What is there already is skipped; a copy that was interrupted is repeated. A snapshot that is damaged, or
            was forgotten in the other repository, is named and left out; exit code 1 says so.
            """,
        arguments: [
            PositionalDefinition("from", help: "name of the Repository to copy from, or NAMESPACE/NAME"),
            PositionalDefinition("to", help: "name of the Repository to copy to, or NAMESPACE/NAME"),
            PositionalDefinition(
                "snapshot", help: "id, a part of one, \"latest\" or a time; default: all", isRequired: false, isRepeatable: true),
        ],
        options: [
            .value("target", short: "t", valueName: "NS/NAME", help: "snapshots of this AppBinding alone")
        ] + SpoolOption.definitions + ResourceOptions.definitions + [OutputFormat.definition])

    private let source: RepositoryOption
    private let destination: RepositoryOption
    private let selectors: [String]
    private let target: SnapshotSource?
    private let spool: SpoolOption
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        source = try RepositoryOption(arguments, name: "from")
        destination = try RepositoryOption(arguments, name: "to")
        selectors = try arguments.values("snapshot")
        target = try arguments.optionalValue("target", as: NamespacedName.self).map {
            SnapshotSource(namespace: $0.namespace, target: $0.name)
        }
        spool = try SpoolOption(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting { try await output.stoppable { try copy($0) } }
    }

    private func copy(_ isStopped: @escaping @Sendable () -> Bool) throws {
        let from = try source.open(isStopped: isStopped)
        let to = try destination.open(for: .writing, creating: true, isStopped: isStopped)
        let (snapshots, damages) = try chosen(in: from.repository)
        let line = StandingLine()
        let copy = try SnapshotCopy(
            from: from.repository, to: to.repository, name: to.manifest.metadata.name, spool: try spool.open()
        ) { line.show("snapshot \($0): \(ByteCount($1))") }
        if snapshots.isEmpty && damages.isEmpty { output.note("no snapshots to copy") }
        var isWhole = damages.isEmpty
        for (snapshot, cause) in damages.sorted(by: { $0.key < $1.key }) { tell(snapshot, failed: cause) }
        for snapshot in snapshots {
            let result: SnapshotCopy.Result
            do {
                result = try copy.copy(snapshot.commit)
            } catch {
                line.clear()
                throw error
            }
            line.clear()
            tell(result)
            if case .failed = result.fate { isWhole = false }
        }
        if !isWhole { throw ExitCode.failed }
    }

    /// Oldest first, each once; and those that cannot be read, where all are meant: nobody knows whose they are.
    private func chosen(
        in repository: OpenRepository
    ) throws -> (records: [SnapshotRecord], damages: [SnapshotID: String]) {
        let catalog = SnapshotCatalog(store: repository.store)
        if let target { try catalog.requireSnapshots(of: target) }
        guard !selectors.isEmpty else {
            let all = try catalog.look()
            return (all.records.filter { target == nil || $0.summary.source == target }, all.damages)
        }
        var records: [SnapshotID: SnapshotRecord] = [:]
        for selector in selectors {
            let found = try catalog.find(selector, target: target)
            for note in found.notes { output.note(note) }
            records[found.record.id] = found.record
        }
        return (records.values.sorted { $0.id < $1.id }, [:])
    }

    private func tell(_ result: SnapshotCopy.Result) {
        switch result.fate {
        case .failed(let cause): return tell(result.snapshot, failed: cause)
        case .alreadyThere: output.line("\(result.snapshot): there already")
        case .copied:
            output.line(
                "\(result.snapshot): \(FigureText.documents(result.documents)), \(ByteCount(result.bytes)), copied as "
                    + "\(ByteCount(result.storedBytes))")
        }
        output.object([
            "type": "copy", "snapshot": .string(result.snapshot.text), "copied": JSONValue(result.fate == .copied),
            "documents": JSONValue(result.documents), "bytes": JSONValue(result.bytes),
            "storedBytes": JSONValue(result.storedBytes), "marksDamage": result.marksDamage.map { .string($0) } ?? .null,
        ])
        guard let cause = result.marksDamage else { return }
        output.note("the marks of snapshot \(result.snapshot) cannot be read, so its copy is kept, without tags: \(cause)")
    }

    private func tell(_ snapshot: SnapshotID, failed cause: String) {
        output.note("snapshot \(snapshot) was not copied: \(cause)")
        output.object(["type": "copy", "snapshot": .string(snapshot.text), "copied": false, "failure": .string(cause)])
    }
}
