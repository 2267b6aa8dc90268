import API
import Console
import Messages
import Runtime

struct PlanCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "plan", abstract: "Look at plans and their next runs, pause and resume them, by the Scheduler's API.",
        subcommands: [
            PlanListCommand.self, PlanShowCommand.self, PlanNextCommand.self, PlanPauseCommand.self, PlanResumeCommand.self,
        ])
}

/// The plan that a command is about.
struct PlanArgument: Sendable {
    static let definition = PositionalDefinition("plan", help: "name of the BackupConfiguration, or NAMESPACE/NAME")

    let namespace: String
    let name: String

    init(_ arguments: ParsedArguments) throws {
        let key = try arguments.value("plan", as: NamespacedName.self).key(.backupConfiguration)
        (namespace, name) = (key.namespace, key.name)
    }

    var path: String { "/v1/plans/\(namespace)/\(name)" }
}

struct PlanListCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "list", abstract: "All plans: how they fare, when they last succeeded and when they run next.",
        options: ServerOption.definitions + [OutputFormat.definition])

    private let server: ServerOption
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        server = try ServerOption(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let plans: [Plan] = try server.client().get("/v1/plans")
            if plans.isEmpty { return output.note("no plans yet; apply one with: sheaf apply -f FILE") }
            output.lines(PlanTable.lines(plans, at: .now()))
            for plan in plans { try output.object(JSONValue(encoding: plan)) }
        }
    }
}

struct PlanShowCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "show", abstract: "One plan, and what is wrong with it.", arguments: [PlanArgument.definition],
        options: ServerOption.definitions + [OutputFormat.definition])

    private let plan: PlanArgument
    private let server: ServerOption
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        plan = try PlanArgument(arguments)
        server = try ServerOption(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let found: Plan = try server.client().get(plan.path)
            output.lines(PlanTable.details(found, at: .now()))
            try output.object(JSONValue(encoding: found))
        }
    }
}

struct PlanNextCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "next", abstract: "When a plan runs next, in UTC.", arguments: [PlanArgument.definition],
        options: [.value("count", short: "c", valueName: "N", help: "how many runs, 1 to 100", default: "5")]
            + ServerOption.definitions + [OutputFormat.definition])

    private let plan: PlanArgument
    private let count: Int
    private let server: ServerOption
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        plan = try PlanArgument(arguments)
        count = try arguments.number("count", in: 1...100)
        server = try ServerOption(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let runs: [Timestamp] = try server.client().get("\(plan.path)/next-runs?count=\(count)")
            if runs.isEmpty { output.note("\(plan.namespace)/\(plan.name) has no schedule; it runs when asked to") }
            for run in runs {
                output.line(run.description)
                output.object(["type": "run", "time": .string(run.description)])
            }
        }
    }
}

/// What is ordered of one plan.
private struct PlanOrder {
    static let options = ServerOption.definitions

    private let plan: PlanArgument
    private let server: ServerOption

    init(_ arguments: ParsedArguments) throws {
        plan = try PlanArgument(arguments)
        server = try ServerOption(arguments)
    }

    /// - Parameter outcome: what is said of the plan then.
    func give(_ order: String, outcome: String) async throws {
        try await CommandError.naming {
            try server.client().post("\(plan.path)/\(order)")
            Terminal.write("\(plan.namespace)/\(plan.name) \(outcome)\n")
        }
    }
}

struct PlanPauseCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "pause", abstract: "Stop a plan's schedule. Manifests are not touched; sessions that run go on.",
        arguments: [PlanArgument.definition], options: PlanOrder.options)

    private let order: PlanOrder

    init(_ arguments: ParsedArguments) throws { order = try PlanOrder(arguments) }

    func run() async throws { try await order.give("pause", outcome: "is paused") }
}

struct PlanResumeCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "resume", abstract: "Take back what pause did.", arguments: [PlanArgument.definition], options: PlanOrder.options)

    private let order: PlanOrder

    init(_ arguments: ParsedArguments) throws { order = try PlanOrder(arguments) }

    func run() async throws { try await order.give("resume", outcome: "follows its schedule") }
}
