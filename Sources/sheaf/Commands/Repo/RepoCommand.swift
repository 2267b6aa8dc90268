import Runtime

struct RepoCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "repo", abstract: "Look after a repository, straight from this machine: no broker is needed.",
        subcommands: [RepoKeysCommand.self])
}
