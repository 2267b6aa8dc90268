import API
import FoundationEssentials
import Runtime
import Scheduler

struct TokenCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "token", abstract: "Make tokens for the Scheduler's API.", subcommands: [TokenCreateCommand.self])
}

struct TokenCreateCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "create", abstract: "Add a token to a Scheduler's file of tokens, and print it: it is kept nowhere else.",
        discussion: "The Scheduler reads the file again by itself. A token is taken away by deleting its line.",
        arguments: [PositionalDefinition("name", help: "who it is for, for the log")],
        options: [
            .repeated("role", valueName: "ROLE", help: "viewer, operator, restorer or admin; may be given several times"),
            .value(
                "tokens", valueName: "FILE", help: "the Scheduler's file, STATE/tokens unless it was told otherwise",
                environment: "SHEAF_TOKENS", isRequired: true),
        ])

    private let name: String
    private let roles: [Role]
    private let path: String

    init(_ arguments: ParsedArguments) throws {
        name = try arguments.value("name", as: PlainName.self).text
        roles = try arguments.values("role")
        path = try arguments.value("tokens")
        if roles.isEmpty {
            throw UsageError(code: .missingOption, message: "give the token a --role", command: arguments.command)
        }
    }

    func run() async throws {
        try await CommandError.naming {
            var text = ""
            if FileManager.default.fileExists(atPath: path) {
                text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
                do {
                    _ = try TokenFile(parsing: text)
                } catch {
                    throw CommandError(.refused, "\(path) has a mistake that has to be mended first: \(error)")
                }
                if !text.hasSuffix("\n"), !text.isEmpty { text += "\n" }
            }
            let token = try TokenFile.newToken()
            text += try TokenFile.line(name: name, roles: roles, token: token) + "\n"
            try TokenStore.write(text, to: path)
            Terminal.write(token + "\n")
        }
    }
}

extension Role: ArgumentValue {
    package static var argumentExpectation: String { allCases.map(\.rawValue).joined(separator: ", ") }

    package init?(argument: String) { self.init(rawValue: argument) }
}
