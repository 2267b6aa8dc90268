import Bus
import Runtime
import Scheduler

struct SchedulerCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "scheduler", abstract: "Turn schedules and triggers into sessions, and keep their history, until told to stop.",
        discussion: """
            Serves the API (docs/api.md), /metrics and /healthz. It needs none of the secrets and never touches the storage.
            The log is JSON lines on standard error.
            """,
        options: [
            .value(
                "resources", valueName: "DIR", help: "folder of manifests; \"sheaf apply\" writes into it",
                environment: "SHEAF_RESOURCES",
                isRequired: true),
            .value(
                "state", valueName: "DIR", help: "folder of the ledger; created when missing", environment: "SHEAF_STATE",
                isRequired: true),
            .value(
                "listen", valueName: "HOST:PORT", help: "where the API, metrics and health are served", default: "127.0.0.1:9850",
                environment: "SHEAF_LISTEN"),
            .value(
                "name", valueName: "NAME", help: "names its reply queue, sheaf.reply.NAME", default: "scheduler",
                environment: "SHEAF_SCHEDULER_NAME"),
            .value(
                "rescue-after", valueName: "TIME",
                help: "a session that was begun and says nothing for so long, while no unit waits, is published again",
                default: "15m", environment: "SHEAF_RESCUE_AFTER"),
            .value(
                "pushgateway", valueName: "URL",
                help: "push the metrics of finished sessions to this Prometheus Pushgateway, under Stash's names",
                environment: "SHEAF_PUSHGATEWAY"),
            .value(
                "tokens", valueName: "FILE",
                help:
                    "who may use the API: see \"sheaf token create\"; default: STATE/tokens, made with the token STATE/admin-token",
                environment: "SHEAF_TOKENS"),
            .value(
                "grace", valueName: "TIME", help: "how long the work at hand may take to end after SIGTERM", default: "30s",
                environment: "SHEAF_GRACE"),
            LogOption.definition,
        ])

    private let broker: BrokerOption
    private let settings: SchedulerSettings
    private let grace: Duration
    private let logger: Logger

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        let listen: ListenAddress = try arguments.value("listen")
        var settings = SchedulerSettings(
            name: try arguments.value("name", as: PlainName.self).text, resources: try arguments.value("resources"),
            state: try arguments.value("state"),
            host: listen.host, port: listen.port, version: Sheaf.version)
        settings.quietLimit = try arguments.value("rescue-after")
        settings.pushgateway = try arguments.optionalValue("pushgateway", as: PushgatewayAddress.self)?.url
        settings.tokens = try arguments.optionalValue("tokens")
        self.settings = settings
        grace = try arguments.value("grace")
        logger = try LogOption.logger(arguments, label: "sheaf-scheduler").with(["scheduler": .string(settings.name)])
    }

    func run() async throws {
        try await CommandError.naming {
            FreeMemory.share()
            try Failpoints.arm(Program.environment[Failpoint.variable])
            let service = try SchedulerService(settings: settings, broker: try broker.address(), logger: logger)
            try await ServiceGroup(services: [service], graceTime: grace).run()
        }
        logger.info("stopped")
    }
}

/// `127.0.0.1:9850`, `[::1]:9850`, or `:9850` for all addresses.
struct ListenAddress: ArgumentValue {
    static let argumentExpectation = "an address and a port, such as 127.0.0.1:9850, [::1]:9850 or 0.0.0.0:9850"

    let host: String
    let port: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = UInt16(argument[argument.index(after: colon)...]) else {
            return nil
        }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.host = host.isEmpty ? "0.0.0.0" : String(host)
        self.port = Int(port)
    }
}

/// `http://HOST:PORT/PATH`, without user, password and query.
struct PushgatewayAddress: ArgumentValue {
    static let argumentExpectation = "an address such as http://pushgateway:9091, without user, password and query"

    let url: String

    init?(argument: String) {
        guard let scheme = ["http://", "https://"].first(where: { argument.hasPrefix($0) }), argument.count > scheme.count,
            !argument.contains(where: { "@?#".contains($0) || $0.isWhitespace })
        else { return nil }
        url = argument
    }
}
