import Archive
import Console
import Messages
import Runtime
import Snapshots

struct RepoRetainCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "retain", abstract: "Apply a retention policy to a repository, or say what it would do.",
        discussion: """
            Rules are OR-ed and count per target and plan, the newest snapshot of a period first, in UTC, weeks by ISO. What no rule
            keeps is forgotten, as by "sheaf forget". Kept and pinned snapshots stay, those of the future and the newest that misses
            nothing. -1 keeps all of a period. Without a rule nothing is forgotten.
            """,
        arguments: [RepositoryOption.argument],
        options: [
            .value("keep-last", valueName: "N", help: "keep the newest N snapshots"),
            .value("keep-hourly", valueName: "N", help: "keep the newest of each hour, for N hours that have one"),
            .value("keep-daily", valueName: "N", help: "likewise of days"),
            .value("keep-weekly", valueName: "N", help: "likewise of weeks"),
            .value("keep-monthly", valueName: "N", help: "likewise of months"),
            .value("keep-yearly", valueName: "N", help: "likewise of years"),
            .repeated("keep-tag", valueName: "TAG[,TAG…]", help: "keep snapshots with all these tags"),
            .value("target", valueName: "NS/NAME", help: "only snapshots of this AppBinding"),
            .flag("dry-run", help: "only say what would be forgotten"),
        ] + ResourceOptions.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let policy: RetentionPolicy
    private let target: SnapshotSource?
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        target = try SnapshotOption.target(arguments)
        var policy = RetentionPolicy(name: "sheaf repo retain", keepLast: try arguments.optionalValue("keep-last"))
        policy.keepHourly = try arguments.optionalValue("keep-hourly")
        policy.keepDaily = try arguments.optionalValue("keep-daily")
        policy.keepWeekly = try arguments.optionalValue("keep-weekly")
        policy.keepMonthly = try arguments.optionalValue("keep-monthly")
        policy.keepYearly = try arguments.optionalValue("keep-yearly")
        policy.keepTags = try arguments.values("keep-tag")
        policy.dryRun = try arguments.flag("dry-run")
        do throws(SnapshotError) {
            _ = try RetentionRules(policy)
        } catch {
            throw UsageError(code: .badValue, message: error.message, command: arguments.command)
        }
        self.policy = policy
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let catalog = SnapshotCatalog(store: try repository.open(for: .writing).repository.store)
            if let target { try catalog.requireSnapshots(of: target) }
            let report = try Retention(policy, of: catalog).apply { group in
                target.map { $0 == group.source } ?? true
            }
            let text = RetentionText(report)
            output.lines(text.lines)
            for object in text.json { output.object(object) }
        }
    }
}
