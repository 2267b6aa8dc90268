import Runtime

struct CompletionCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "completion", abstract: "Print what completes commands and options in a shell.",
        discussion: """
            bash: sheaf completion bash > /etc/bash_completion.d/sheaf
            zsh:  sheaf completion zsh > "${fpath[1]}/_sheaf"
            fish: sheaf completion fish > ~/.config/fish/completions/sheaf.fish
            """,
        arguments: [PositionalDefinition("shell", help: "bash, zsh or fish")])

    private let shell: CompletionShell

    init(_ arguments: ParsedArguments) throws { shell = try arguments.value("shell") }

    func run() async throws { Terminal.write(shell.script(for: SheafCommand.self)) }
}
