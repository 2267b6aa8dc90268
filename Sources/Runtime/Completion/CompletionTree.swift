/// A program's commands as shells complete them: a node each, with what may follow.
struct CompletionTree {
    struct Word {
        var text: String
        var help: String
    }

    struct Option {
        /// As it is typed: `--timeout`.
        var name: String
        var short: Character?
        var help: String
        var takesValue: Bool
        /// Whether the value is the path of a file or a folder.
        var takesPath: Bool
    }

    struct Node {
        /// The words that lead here, each with a slash before it; empty at the root.
        var path: String
        var commands: [Word]
        /// Also those of the commands above, which hold here too.
        var options: [Option]
        var takesArguments: Bool
    }

    let name: String
    /// The root first.
    let nodes: [Node]

    init(_ root: any AsyncCommand.Type) {
        name = root.configuration.name
        var nodes: [Node] = []
        func add(_ command: any AsyncCommand.Type, path: String, inherited: [OptionDefinition]) {
            let configuration = command.configuration
            let options = inherited + configuration.options
            let help = Option(name: "--help", short: "h", help: "show help", takesValue: false, takesPath: false)
            nodes.append(
                Node(
                    path: path,
                    commands: configuration.subcommands.map {
                        Word(text: $0.configuration.name, help: $0.configuration.abstract)
                    },
                    options: options.map(Option.init) + [help], takesArguments: !configuration.arguments.isEmpty))
            for next in configuration.subcommands {
                add(next, path: "\(path)/\(next.configuration.name)", inherited: options)
            }
        }
        add(root, path: "", inherited: [])
        self.nodes = nodes
    }

    /// All ways to type an option that takes a value, so that the word behind it is known for no command.
    var wordsWithValue: [String] { words { $0.takesValue } }
    var wordsWithPath: [String] { words { $0.takesPath } }

    private func words(_ isMeant: (Option) -> Bool) -> [String] {
        var words: Set<String> = []
        for option in nodes.flatMap(\.options) where isMeant(option) {
            words.insert(option.name)
            if let short = option.short { words.insert("-\(short)") }
        }
        return words.sorted()
    }

    /// All paths but the root's.
    var paths: [String] { nodes.map(\.path).filter { !$0.isEmpty } }
}

extension CompletionTree.Option {
    init(_ option: OptionDefinition) {
        let paths: Set = ["PATH", "DIR", "FILE", "FOLDER"]
        self.init(
            name: option.flagName, short: option.kind == .secret ? nil : option.short, help: option.help,
            takesValue: option.valueName != nil, takesPath: option.valueName.map(paths.contains) ?? false)
    }
}
