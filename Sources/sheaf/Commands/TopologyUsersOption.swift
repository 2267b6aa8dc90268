import Bus
import FoundationEssentials
import Messages
import Runtime

/// The broker's users by role, and what they are held to: what `sheaf topology definitions` and `permissions` share.
struct TopologyUsersOption: Sendable {
    static let definitions: [OptionDefinition] = [
        TopologySchedulers.definition,
        .value("vhost", valueName: "NAME", help: "the broker's virtual host", default: "/"),
        .repeated(
            "user", valueName: "ROLE=NAME",
            help: "a user of a role (admin, scheduler, worker, outsider); default: sheaf-ROLE for a role that is not named"),
        .repeated(
            "plan", valueName: "NAME",
            help: "hold outsiders to the triggers and events of these plans and restores; they cannot cancel then"),
    ]

    let schedulers: [String]
    let virtualHost: String
    let plans: [String]
    let users: [BrokerUser]

    init(_ arguments: ParsedArguments) throws {
        schedulers = try TopologySchedulers.names(arguments)
        virtualHost = try arguments.value("vhost")
        plans = try arguments.values("plan", as: String.self)
        let named = try arguments.values("user", as: RoleName.self)
        users = BrokerRole.allCases.flatMap { role in
            let names = named.filter { $0.role == role }.map(\.name)
            return (names.isEmpty ? [role.defaultUser] : names).map { BrokerUser(role: role, name: $0) }
        }
        let twice = Dictionary(grouping: users, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
        guard twice.isEmpty else {
            throw UsageError(
                code: .conflict, message: "--user: \(twice.joined(separator: ", ")) would have two roles",
                command: arguments.command)
        }
    }

    func definitions(users: [BrokerUser]) -> TopologyDefinitions {
        TopologyDefinitions(schedulers: schedulers, users: users, plans: plans, virtualHost: virtualHost)
    }

    /// The users with their passwords, one file each, `DIR/<user>`.
    ///
    /// - Returns: those without a file too, without a password.
    /// - Throws: `UsageError` for a file that cannot be read, and for a folder that is not there.
    func users(passwordsIn folder: String) throws -> [BrokerUser] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder else {
            throw UsageError(code: .badValue, message: "--passwords: there is no folder \(folder)")
        }
        return try users.map { user in
            let path = "\(folder)/\(user.name)"
            var user = user
            if FileManager.default.fileExists(atPath: path) { user.password = Sensitive(try SecretFile.read(path)) }
            return user
        }
    }

    /// `outsider=shop`.
    private struct RoleName: ArgumentValue {
        static let argumentExpectation =
            "ROLE=NAME, ROLE one of \(BrokerRole.allCases.map(\.rawValue).joined(separator: ", ")), NAME of letters, digits, \".\", \"_\", \"-\""

        let role: BrokerRole
        let name: String

        init?(argument: String) {
            let parts = argument.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let role = BrokerRole(rawValue: String(parts[0])),
                let name = PlainName(argument: String(parts[1]))
            else { return nil }
            self.role = role
            self.name = name.text
        }
    }
}

/// The Schedulers whose reply queues are part of the topology.
enum TopologySchedulers {
    static let definition = OptionDefinition.repeated(
        "scheduler", valueName: "NAME",
        help: "name of a Scheduler, each gets a reply queue; default: \(Topology.defaultScheduler)",
        environment: "SHEAF_SCHEDULER_NAME")

    static func names(_ arguments: ParsedArguments) throws -> [String] {
        let named = try arguments.values("scheduler", as: PlainName.self)
        return named.isEmpty ? [Topology.defaultScheduler] : named.map(\.text)
    }
}
