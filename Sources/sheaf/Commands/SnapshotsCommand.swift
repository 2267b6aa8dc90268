import Console
import Messages
import Runtime

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
            snapshots.sort { $0.id > $1.id }
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
        arguments: [PositionalDefinition("snapshot", help: "id of the snapshot, as \"sheaf snapshots\" lists it")],
        options: SnapshotQuery.definitions + [OutputFormat.definition])

    private let query: SnapshotQuery
    private let output: CommandOutput
    private let id: SnapshotID

    init(_ arguments: ParsedArguments) throws {
        query = try SnapshotQuery(arguments)
        output = try CommandOutput(arguments)
        let text: String = try arguments.value("snapshot")
        guard let id = SnapshotID(text) else {
            throw UsageError(
                code: .badValue, message: "SNAPSHOT: expected an id such as 20261123T140211Z-4f0c…, found \"\(text)\"",
                command: arguments.command)
        }
        self.id = id
    }

    func run() async throws {
        try await output.reporting {
            let (client, repositories) = try await query.begin()
            var problems: [String] = []
            for repository in repositories {
                do {
                    let snapshot = try await query.snapshot(id, of: repository, client)
                    await client.close()
                    output.lines(SnapshotTable.details(snapshot))
                    output.object(SnapshotTable.json(snapshot))
                    return
                } catch let error as CommandError where error.code == .notFound {
                    continue
                } catch let error as CommandError where error.code != .unreachable {
                    problems.append("\(repository.key): \(error.message)")
                }
            }
            await client.close()
            let searched = repositories.map { "\($0.metadata.namespace)/\($0.metadata.name)" }.joined(separator: ", ")
            guard problems.isEmpty else { throw CommandError(.failed, problems.joined(separator: "\n")) }
            throw CommandError(
                .notFound, "there is no snapshot \(id) in \(searched.isEmpty ? "any repository: none is applied" : searched)")
        }
    }
}
