import Runtime

@main
enum Sheaf {
    /// Also what the Scheduler's metrics tell.
    static let version = "0.1.0"

    static func main() async {
        await Program.run(SheafCommand.self)
    }
}

struct SheafCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "sheaf", abstract: "Back up and restore Elasticsearch and OpenSearch by messages.",
        discussion: """
            Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 4 not found, 5 refused,
            6 broker, Scheduler or workers unreachable, 8 waiting timed out (the session goes on),
            130 and 143 interrupted.
            """,
        version: Sheaf.version, options: BrokerOption.definitions,
        subcommands: [
            SchedulerCommand.self, WorkerCommand.self, TopologyCommand.self, ApplyCommand.self, GetCommand.self,
            DescribeCommand.self, BackupCommand.self, RestoreCommand.self, CancelCommand.self, SessionsCommand.self,
            SnapshotsCommand.self, ShowCommand.self, PlanCommand.self, EventsCommand.self, DoctorCommand.self, TokenCommand.self,
            DiffCommand.self, TagCommand.self, KeepCommand.self, UnkeepCommand.self, ForgetCommand.self, ExportCommand.self,
            ImportCommand.self, RepoCommand.self, CheckCommand.self, DeadCommand.self, LedgerCommand.self,
            CompletionCommand.self,
        ])
}
