import Archive
import Console
import Messages
import Runtime
import Snapshots

struct RepoStatusCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "status", abstract: "Tell of a repository's backups, snapshots, size and the last verification.",
        arguments: [RepositoryOption.argument], options: ResourceOptions.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let opened = try repository.open()
            let survey = try RepositorySurvey(of: SnapshotCatalog(store: opened.repository.store))
            for damage in survey.damages { output.note(damage) }
            output.lines(lines(survey, opened))
            output.object(json(survey, opened))
        }
    }

    private func lines(_ survey: RepositorySurvey, _ opened: RepositoryOption.Opened) -> [String] {
        let status = survey.status
        var table = TextTable([("", .left), ("", .left)])
        table.append(["repository", "\(opened.manifest.metadata.namespace)/\(opened.manifest.metadata.name)"])
        table.append(["id", opened.repository.id])
        table.append(["place", opened.repository.store.location])
        table.append(["first backup", status.firstBackupTime.map { FigureText.moment($0) } ?? "none"])
        table.append(["last backup", status.lastBackupTime.map { FigureText.moment($0) } ?? "none"])
        table.append(["snapshots", FigureText.exact(status.snapshotCount)])
        table.append(["size", "\(ByteCount(status.size))"])
        table.append(["removed last", FigureText.exact(status.snapshotsRemovedOnLastCleanup)])
        table.append(["integrity", integrity(survey)])
        return table.lines
    }

    private func integrity(_ survey: RepositorySurvey) -> String {
        let check = survey.check
        guard survey.status.integrity != false || check?.isWhole == false else { return "damaged: a snapshot cannot be read" }
        guard let check else { return "not verified yet" }
        return "\(check.isWhole ? "whole" : "damaged"), \(check.mode) verification of \(FigureText.moment(check.at))"
    }

    private func json(_ survey: RepositorySurvey, _ opened: RepositoryOption.Opened) -> JSONValue {
        let status = survey.status
        func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.description) } ?? .null }
        return [
            "type": "repository", "namespace": .string(opened.manifest.metadata.namespace),
            "name": .string(opened.manifest.metadata.name), "repository": .string(opened.repository.id),
            "location": .string(opened.repository.store.location), "firstBackupTime": time(status.firstBackupTime),
            "lastBackupTime": time(status.lastBackupTime), "size": JSONValue(status.size),
            "snapshotCount": JSONValue(status.snapshotCount),
            "snapshotsRemovedOnLastCleanup": JSONValue(status.snapshotsRemovedOnLastCleanup),
            "integrity": status.integrity.map { .bool($0) } ?? .null,
            "verificationMode": survey.check.map { .string($0.mode) } ?? .null, "verifiedAt": time(survey.check?.at),
            "damages": .array(survey.damages.map { .string($0) }),
        ]
    }
}
