import Runtime

/// What is done with a repository as a whole: straight on its store, so that neither broker nor Scheduler is needed.
struct RepoCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "repo", abstract: "Look after a repository: straight on its store, without broker, Scheduler or cluster.",
        subcommands: [
            RepoStatusCommand.self, RepoRetainCommand.self, RepoCollectCommand.self, RepoVerifyCommand.self,
            RepoRepairCommand.self,
            RepoCopyCommand.self, RepoKeysCommand.self, RepoDeleteCommand.self, RepoPurgeCommand.self,
        ])
}
