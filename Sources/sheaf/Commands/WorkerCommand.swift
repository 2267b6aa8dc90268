import Archive
import Bus
import FoundationEssentials
import Glibc
import Manifests
import Runtime
import Worker

struct WorkerCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "worker", abstract: "Take sessions and units from the broker and do their work, until told to stop.",
        discussion: """
            Any number of workers share the work. SIGTERM drains: units at work end at their next page, and
            what they stored is kept. The log is JSON lines on standard error.
            """,
        options: [
            .value(
                "resources", valueName: "DIR",
                help: "manifests of the AppBindings, Repositories and Secrets that this worker may use",
                environment: "SHEAF_RESOURCES", isRequired: true),
            .value(
                "spool", valueName: "DIR", help: "where segments wait for the store; created when missing",
                environment: "SHEAF_SPOOL",
                isRequired: true),
            .value(
                "slots", valueName: "N", help: "units at work at once; restores have as many of their own", default: "2",
                environment: "SHEAF_SLOTS"),
            .value(
                "name", valueName: "NAME", help: "names the worker in events and parts; default: host name and process",
                environment: "SHEAF_WORKER_NAME"),
            .value(
                "secrets", valueName: "DIR", help: "secrets as files, DIR/<secret>/<key>, as Kubernetes and Docker mount them",
                environment: "SHEAF_SECRETS"),
            .value(
                "hooks", valueName: "DIR",
                help: "the programs that hooks may run, files of this folder; without it a hook with exec fails",
                environment: "SHEAF_HOOKS"),
            .value(
                "hook-limit", valueName: "TIME", help: "longest that a hook may take; then it is killed, and has failed",
                default: "10m", environment: "SHEAF_HOOK_LIMIT"),
            .value(
                "unit-seconds", valueName: "N", help: "a unit ends after so many seconds", default: "120",
                environment: "SHEAF_UNIT_SECONDS"),
            .value(
                "unit-bytes", valueName: "SIZE", help: "or after so many bytes of documents", default: "8GiB",
                environment: "SHEAF_UNIT_BYTES"),
            .value(
                "window", valueName: "N", help: "slices of one session at work at once", default: "16",
                environment: "SHEAF_WINDOW"),
            .value(
                "attempts", valueName: "N", help: "times that a message is tried before its session is aborted", default: "5",
                environment: "SHEAF_ATTEMPTS"),
            .value(
                "retry-delay", valueName: "TIME",
                help: "longest delay before a message or a request is tried again; default for messages: 10s, 1m, 5m, 30m, 2h",
                environment: "SHEAF_RETRY_DELAY"),
            .value(
                "spool-limit", valueName: "SIZE", help: "most bytes in the spool", default: "4GiB",
                environment: "SHEAF_SPOOL_LIMIT"),
            .flag(
                "no-inventory",
                help: "keep no list of a segment's _ids beside it: a repair can then count, not name, what is lost",
                environment: "SHEAF_NO_INVENTORY"),
            .value("level", valueName: "N", help: "zstd's level, 1 to 19", default: "3", environment: "SHEAF_LEVEL"),
            .value(
                "grace", valueName: "TIME", help: "how long the work at hand may take to end after SIGTERM", default: "60s",
                environment: "SHEAF_GRACE"),
            .value(
                "gc-grace", valueName: "TIME",
                help: "how long garbage is left alone that is collected after a backup whose policy has prune", default: "24h",
                environment: "SHEAF_GC_GRACE"),
            .flag(
                "once", help: "end when no message waits, but those to be tried again later, and none is at work",
                environment: "SHEAF_ONCE"),
            LogOption.definition,
        ])

    private let broker: BrokerOption
    private let resources: String
    private let spool: String
    private let spoolLimit: ByteCount
    private let secrets: String?
    private let settings: WorkerSettings
    private let grace: Duration
    private let logger: Logger

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        resources = try arguments.value("resources")
        spool = try arguments.value("spool")
        spoolLimit = try arguments.value("spool-limit")
        secrets = try arguments.optionalValue("secrets")
        grace = try arguments.value("grace")
        let name = try arguments.optionalValue("name", as: PlainName.self)?.text ?? Self.defaultName
        logger = try LogOption.logger(arguments, label: "sheaf-worker").with(["worker": .string(name)])
        var settings = WorkerSettings(name: name)
        settings.version = Sheaf.version
        settings.slots = try arguments.number("slots", in: 1...256)
        settings.unitSeconds = try arguments.value("unit-seconds")
        settings.unitBytes = try arguments.value("unit-bytes", as: ByteCount.self).bytes
        settings.window = try arguments.number("window", in: 1...1000)
        settings.attempts = try arguments.number("attempts", in: 1...100)
        settings.retryDelay = try arguments.optionalValue("retry-delay", as: Duration.self)?.seconds
        settings.stopsWhenIdle = try arguments.flag("once")
        settings.hooks = try arguments.optionalValue("hooks")
        settings.hookLimit = try arguments.value("hook-limit")
        settings.collectionGrace = try arguments.value("gc-grace")
        settings.segments.keepsInventory = !(try arguments.flag("no-inventory"))
        settings.segments.level = try arguments.number("level", in: 1...19)
        guard settings.unitSeconds > 0, settings.unitBytes > 0 else {
            throw UsageError(
                code: .badValue, message: "--unit-seconds and --unit-bytes must be above 0", command: arguments.command)
        }
        guard settings.hookLimit > .zero else {
            throw UsageError(code: .badValue, message: "--hook-limit must be above 0", command: arguments.command)
        }
        self.settings = settings
    }

    func run() async throws {
        try await CommandError.naming {
            FreeMemory.share()
            try Failpoints.arm(Program.environment[Failpoint.variable])
            let address = try broker.address()
            let loaded = try ManifestFile.load(resources)
            let source = SecretSource(resources: loaded, directory: secrets, environment: Program.environment)
            let parts = WorkerParts(
                settings: settings, resources: loaded, secrets: source,
                spool: try Spool(
                    in: spool, limit: spoolLimit.bytes,
                    advice: "the store is slower than the dump: raise the bound or run fewer units at once"),
                broker: address, logger: logger)
            let service = try WorkerService(parts, broker: address)
            try await ServiceGroup(
                [
                    ServiceGroup.Entry(parts.outbox),
                    ServiceGroup.Entry(service, whenFinished: settings.stopsWhenIdle ? .stopsGroup : .isFailure),
                ], graceTime: grace
            ).run()
        }
        logger.info("stopped")
    }

    private static var defaultName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "worker-\(getpid())" }
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host)-\(getpid())"
    }
}

extension ParsedArguments {
    /// A whole number within bounds.
    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        let number = try value(name, as: Int.self)
        guard range.contains(number) else {
            let origin = origin(of: name) ?? "--\(name)"
            throw UsageError(
                code: .badValue, message: "\(origin): expected \(range.lowerBound) to \(range.upperBound), found \(number)",
                command: command)
        }
        return number
    }
}
