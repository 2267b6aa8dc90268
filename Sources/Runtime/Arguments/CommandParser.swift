/// Finds the command that the words name and reads its options.
package struct CommandParser: Sendable {
    package enum Invocation: Sendable {
        case run(any AsyncCommand.Type, ParsedArguments)
        /// The text that `--help` asks for.
        case help(String)
        /// A family was called without a command: the same text, but as a mistake.
        case missingCommand(String)
        case version(String)
    }

    /// The commands from the root to the one named, with all options that hold there.
    struct Path {
        var commands: [any AsyncCommand.Type]
        var name: String { commands.map { $0.configuration.name }.joined(separator: " ") }
        var options: [OptionDefinition] { commands.flatMap { $0.configuration.options } }
    }

    private let root: any AsyncCommand.Type
    private let environment: [String: String]
    private let readFile: @Sendable (String) throws(UsageError) -> String

    /// - Parameter readFile: the content of a secret's file.
    package init(
        _ root: any AsyncCommand.Type, environment: [String: String],
        readFile: @escaping @Sendable (String) throws(UsageError) -> String = SecretFile.read
    ) {
        self.root = root
        self.environment = environment
        self.readFile = readFile
    }

    /// - Parameter words: the arguments without the program's name.
    package func parse(_ words: [String]) throws(UsageError) -> Invocation {
        var path = Path(commands: [root])
        var words = words
        var reader = WordReader(path: path)
        while let word = words.first {
            words.removeFirst()
            if !reader.isLiteral, word == "--help" || word == "-h" { return .help(HelpText(path).text) }
            if !reader.isLiteral, word == "--version", let version = root.configuration.version { return .version(version) }
            if let next = try subcommand(word, path, reader) {
                path.commands.append(next)
                reader.enter(path)
                continue
            }
            try reader.read(word, following: &words)
        }
        guard let command = path.commands.last else { return .missingCommand(HelpText(path).text) }
        if command is any CommandFamily.Type { return .missingCommand(HelpText(path).text) }
        try reader.checkArguments()
        let given = try SettingsReader(path: path, environment: environment, readFile: readFile).complete(reader)
        return .run(command, given)
    }

    private func subcommand(_ word: String, _ path: Path, _ reader: WordReader) throws(UsageError) -> (any AsyncCommand.Type)? {
        guard let configuration = path.commands.last?.configuration, !configuration.subcommands.isEmpty,
            !reader.isLiteral, !word.hasPrefix("-"), !reader.hasArguments
        else { return nil }
        if let found = configuration.subcommands.first(where: { $0.configuration.name == word }) { return found }
        if !configuration.arguments.isEmpty { return nil }
        let names = configuration.subcommands.map { $0.configuration.name }
        throw UsageError(
            code: .unknownCommand,
            message: "\(path.name) has no command \"\(word)\"\(Suggestion.sentence(for: word, among: names))", command: path.name)
    }
}
