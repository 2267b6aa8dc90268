/// A command of the program: a table that describes it, made from parsed arguments, run once.
///
///     struct BackupCommand: AsyncCommand {
///         static let configuration = CommandConfiguration(
///             name: "backup", abstract: "Publish a BackupSession and print its id.",
///             arguments: [PositionalDefinition("plan", help: "name of the plan")],
///             options: [.flag("wait", help: "wait for the end")])
///         let plan: String
///         let isWaiting: Bool
///
///         init(_ arguments: ParsedArguments) throws {
///             plan = try arguments.value("plan")
///             isWaiting = try arguments.flag("wait")
///         }
///
///         func run() async throws { … }
///     }
package protocol AsyncCommand: Sendable {
    static var configuration: CommandConfiguration { get }
    init(_ arguments: ParsedArguments) throws
    func run() async throws
}

/// How a command is called. Options of a command also hold for its subcommands.
package struct CommandConfiguration: Sendable {
    package let name: String
    /// One line for the list of commands.
    package let abstract: String
    package let discussion: String
    package let version: String?
    package let arguments: [PositionalDefinition]
    package let options: [OptionDefinition]
    package let subcommands: [any AsyncCommand.Type]

    package init(
        name: String, abstract: String, discussion: String = "", version: String? = nil, arguments: [PositionalDefinition] = [],
        options: [OptionDefinition] = [], subcommands: [any AsyncCommand.Type] = []
    ) {
        self.name = name
        self.abstract = abstract
        self.discussion = discussion
        self.version = version
        self.arguments = arguments
        self.options = options
        self.subcommands = subcommands
    }
}

/// A command that only holds others: called without one of them it shows its help.
package protocol CommandFamily: AsyncCommand {
    init()
}

extension CommandFamily {
    package init(_ arguments: ParsedArguments) throws {
        self.init()
    }

    package func run() async throws {}
}
