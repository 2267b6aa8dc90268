import Bus
import Runtime

struct TopologyDefinitionsCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "definitions", abstract: "Print exchanges, queues, bindings and users as a RabbitMQ definitions file.",
        discussion: """
            For rabbitmqctl import_definitions, or load_definitions in rabbitmq.conf. Talks to no broker. Users are in it when
            --passwords has a file for each; of a password only its salted SHA-256 is printed.
            """,
        options: TopologyUsersOption.definitions + [
            .value("passwords", valueName: "DIR", help: "folder with the users' passwords, one file each, DIR/USER")
        ])

    private let option: TopologyUsersOption
    private let passwords: String?

    init(_ arguments: ParsedArguments) throws {
        option = try TopologyUsersOption(arguments)
        passwords = try arguments.optionalValue("passwords")
    }

    func run() async throws {
        try await CommandError.naming {
            let users = try passwords.map(option.users) ?? []
            for user in users where user.password == nil {
                Terminal.writeError("sheaf: user \(user.name) is left out: there is no file for its password\n")
            }
            Terminal.write(try option.definitions(users: users).file().serialized(pretty: true) + "\n")
        }
    }
}

struct TopologyPermissionsCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "permissions", abstract: "Print the rabbitmqctl commands that give users the least rights their roles take.",
        discussion: "Talks to no broker. The users must exist: rabbitmqctl add_user NAME, which asks for the password.",
        options: TopologyUsersOption.definitions)

    private let option: TopologyUsersOption

    init(_ arguments: ParsedArguments) throws { option = try TopologyUsersOption(arguments) }

    func run() async throws {
        for line in option.definitions(users: option.users).commands { Terminal.write(line + "\n") }
    }
}
