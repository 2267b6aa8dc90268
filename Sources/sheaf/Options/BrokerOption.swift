import AMQP
import Runtime

/// Where the broker is, by `--amqp-url`, `--amqp-url-file`, `AMQP_URL` or `AMQP_URL_FILE`.
struct BrokerOption: Sendable {
    private static let name = "amqp-url"

    /// The value and the secret share a name: one is typed, the other comes from a file or the environment.
    static let definitions: [OptionDefinition] = [
        .value(
            name, valueName: "URL",
            help:
                "broker, as amqp://user:password@host:5672/vhost or amqps://…; other users of this machine see what is typed, so "
                + "prefer the next one where it holds a password"),
        .secret(name, help: "the same, in a file", environment: "AMQP_URL"),
    ]

    private let url: Sensitive?

    init(_ arguments: ParsedArguments) throws {
        url = try arguments.optionalValue(Self.name, as: String.self).map { Sensitive($0) } ?? arguments.optionalSecret(Self.name)
    }

    /// - Throws: `UsageError` when none is given; `AMQPError.invalidAddress`, whose text never repeats the password.
    func address() throws -> BrokerAddress {
        guard let url else {
            throw UsageError(
                code: .missingOption,
                message:
                    "no broker is named: set AMQP_URL, for example to amqp://user:password@host:5672/, or give --amqp-url-file")
        }
        return try BrokerAddress(url.reveal())
    }
}
