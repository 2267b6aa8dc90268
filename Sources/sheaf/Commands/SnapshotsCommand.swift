import Console
import Messages
import Runtime
import Snapshots

struct SnapshotsCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "snapshots", abstract: "List what can be restored, the newest first.",
        discussion: "A Scheduler names the repositories, workers look into them: both must run.",
        options: SnapshotQuery.definitions + [OutputFormat.definition])

    private let query: SnapshotQuery
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        query = try SnapshotQuery(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let (client, repositories) = try await query.begin()
            var snapshots: [SnapshotSummary] = []
            var failure: CommandError?
            for repository in repositories {
                do {
                    snapshots += try await query.snapshots(of: repository, client)
                } catch let error as CommandError where error.code != .unreachable {
                    // The others are listed all the same.
                    output.note("\(repository.key): \(error.message)")
                    failure = error
                }
            }
            await client.close()
            snapshots.sort { ($0.time, $0.id) > ($1.time, $1.id) }
            if snapshots.isEmpty && failure == nil { output.note("no snapshots yet") }
            if !snapshots.isEmpty { output.lines(SnapshotTable.lines(snapshots)) }
            for snapshot in snapshots { output.object(SnapshotTable.json(snapshot)) }
            if let failure { throw failure }
        }
    }
}

struct ShowCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "show", abstract: "Show one snapshot: its indices, documents, bytes and moments.",
        arguments: [PositionalDefinition("snapshot", help: SnapshotOption.help)],
        options: SnapshotQuery.definitions + [SnapshotOption.target, OutputFormat.definition])

    private let query: SnapshotQuery
    private let output: CommandOutput
    private let selector: SnapshotSelector
    private let target: SnapshotSource?

    init(_ arguments: ParsedArguments) throws {
        query = try SnapshotQuery(arguments)
        output = try CommandOutput(arguments)
        selector = SnapshotSelector(try arguments.value("snapshot"))
        target = try SnapshotOption.target(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let (client, repositories) = try await query.begin()
            var snapshots: [SnapshotSummary] = []
            var problems: [String] = []
            for repository in repositories {
                do {
                    snapshots += try await query.snapshots(of: repository, client)
                } catch let error as CommandError where error.code != .unreachable {
                    problems.append("\(repository.key): \(error.message)")
                }
            }
            await client.close()
            let searched = repositories.map { "\($0.metadata.namespace)/\($0.metadata.name)" }.joined(separator: ", ")
            do throws(SnapshotError) {
                let choice = try selector.choose(
                    from: snapshots.sorted { ($0.time, $0.id) < ($1.time, $1.id) }, in: target.map { .target($0) } ?? .onlyTarget,
                    allowPartial: false,
                    place: searched.isEmpty ? "any repository: none is applied" : searched
                ) { $0 }
                // What could not be looked into may have a newer one.
                for problem in problems { output.note(problem) }
                for note in choice.notes { output.note(note) }
                output.lines(SnapshotTable.details(choice.element))
                output.object(SnapshotTable.json(choice.element))
            } catch {
                guard problems.isEmpty else { throw CommandError(.failed, (problems + [error.message]).joined(separator: "\n")) }
                throw error
            }
        }
    }
}
