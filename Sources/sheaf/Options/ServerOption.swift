import Runtime

/// The Scheduler's HTTP API, for the commands that use it.
struct ServerOption: Sendable {
    static let definitions: [OptionDefinition] = [
        .value(
            "server", valueName: "URL", help: "address of the Scheduler's API", default: "http://127.0.0.1:9850",
            environment: "SHEAF_SERVER"),
        .secret("token", help: "file with a token of the API", environment: "SHEAF_TOKEN", isRequired: true),
        .value(
            "ca-file", valueName: "FILE", help: "PEM certificates that the server's is checked against, for https",
            environment: "SHEAF_CA_FILE"),
    ]

    private let url: String
    private let token: Sensitive
    private let authorities: String?

    init(_ arguments: ParsedArguments) throws {
        let url: String = try arguments.value("server")
        guard ["http://", "https://"].contains(where: url.hasPrefix) else {
            throw UsageError(
                code: .badValue, message: "--server has to begin with http:// or https://", command: arguments.command)
        }
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        token = try arguments.secret("token")
        authorities = try arguments.optionalValue("ca-file", as: String.self).map { try SecretFile.read($0) }
    }

    func client() throws -> APIClient { try APIClient(url: url, token: token, authorities: authorities) }
}
