import Archive
import Console
import Messages
import Runtime
import Snapshots

struct RepoRepairCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "repair", abstract: "Save what can still be read of damaged snapshots, and name every document that is lost.",
        discussion: """
            Reads all documents. Without --apply nothing is changed. With it each damaged snapshot is replaced by another of
            the same moment that has what can still be read, and forgotten; its tags and its protection pass over. Exit code 1
            says that something is damaged and was not, or cannot be, repaired.
            """,
        arguments: [RepositoryOption.argument],
        options: [
            .value("snapshot", valueName: "ID", help: "one snapshot, by its id or a part of it; default: all"),
            .value("lost", valueName: "FILE", help: "a new file that names each lost document in a line of JSON"),
            .flag("apply", help: "do it"),
        ] + SpoolOption.definitions + ResourceOptions.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let spool: SpoolOption
    private let output: CommandOutput
    private let snapshot: String?
    private let lost: String?
    private let applies: Bool

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        spool = try SpoolOption(arguments)
        output = try CommandOutput(arguments)
        snapshot = try arguments.optionalValue("snapshot")
        lost = try arguments.optionalValue("lost")
        applies = try arguments.flag("apply")
    }

    func run() async throws {
        try await output.reporting {
            let report = try await output.stoppable { try repair($0) }
            output.lines(RepairText.lines(report, applied: applies))
            for line in RepairText.json(report) { output.object(line) }
            let isDone = report.unreadable.isEmpty && report.snapshots.allSatisfy(\.isDone)
            if !isDone { throw ExitCode.failed }
        }
    }

    private func repair(_ isStopped: @escaping @Sendable () -> Bool) throws -> RepairReport {
        let opened = try repository.open(for: applies ? .writing : .reading, isStopped: isStopped).repository
        let chosen = try snapshot.map { name in
            let ids = try Verification.snapshotIDs(in: opened.store)
            return Set([try SnapshotSelector.only(of: ids, named: name, in: opened.store.location) { $0 }])
        }
        let line = StandingLine()
        defer { line.clear() }
        let repair = Repair(opened, spool: try spool.open()) { line.show(VerificationText.progress($0)) }
        return try writing { publish, tell in
            try repair.run(snapshots: chosen, applies: applies, tell: tell, publish: publish)
        }
    }

    /// Gives `body` the file of lost documents to write to, which has its name from the first snapshot on that is replaced.
    private func writing(
        _ body: (_ publish: () throws -> Void, _ tell: (LostDocument) throws -> Void) throws -> RepairReport
    ) throws -> RepairReport {
        guard let lost else { return try body({}, { _ in }) }
        let file = try DocumentOutput(path: lost)
        do {
            let report = try body(file.publish) { document in
                try Array("\(document.line)\n".utf8).withUnsafeBytes { try file.write($0) }
            }
            try file.finish()
            return report
        } catch {
            file.abandon()
            throw error
        }
    }
}
