import API
import FoundationEssentials
import Messages
import Runtime

struct DoctorCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "doctor", abstract: "Look the whole installation over, and write what support needs to one file.",
        discussion: """
            The file is JSON: health, plans, failed sessions with their errors, repositories, workers, queues, metrics and manifests. It holds
            no secrets and no documents, but names of indices, hosts and buckets. Ends with 1 when something is wrong.
            """,
        options: [.value("to", valueName: "FILE", help: "where to write it; none is written without it")]
            + ServerOption.definitions + [OutputFormat.definition])

    private let server: ServerOption
    private let file: String?
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        server = try ServerOption(arguments)
        file = try arguments.optionalValue("to")
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let client = try server.client()
            let report = try DoctorReport(client)
            for finding in report.findings {
                output.line("\(finding.isFine ? "ok      " : "problem ")\(finding.text)")
                output.object(["type": "finding", "isFine": .bool(finding.isFine), "message": .string(finding.text)])
            }
            if let file {
                try Data((report.file.serialized(pretty: true) + "\n").utf8).write(to: URL(filePath: file), options: .atomic)
                output.note("written to \(file)")
            }
            if report.findings.contains(where: { !$0.isFine }) { throw ExitCode.failed }
        }
    }
}

/// What a look at the whole installation finds.
struct DoctorReport {
    struct Finding {
        var isFine: Bool
        var text: String
    }

    private(set) var findings: [Finding] = []
    /// All that was looked at.
    private(set) var file: JSONValue = [:]

    init(_ client: APIClient) throws {
        let health: Health = try client.get("/v1/health")
        let plans: [Plan] = try client.get("/v1/plans")
        let workers: [WorkerView] = try client.get("/v1/workers")
        let queues: [QueueView] = try client.get("/v1/queues")
        note(health.broker, "the Scheduler has a connection to the broker", "the Scheduler has no connection to the broker")
        note(
            health.workersUp > 0, "\(health.workersUp) workers are up",
            "no worker was heard in the last 90 seconds: start one with: sheaf worker")
        for worker in workers where worker.isUp && worker.version != health.version {
            note(false, "", "worker \(worker.name) is of version \(worker.version), the Scheduler of \(health.version)")
        }
        note(
            health.manifestErrors.isEmpty, "all manifests are in force",
            "manifests are not in force: \(health.manifestErrors.joined(separator: "; "))")
        note(
            health.repositoriesDown.isEmpty, "no repository is known to be down",
            "repositories are down: \(health.repositoriesDown.joined(separator: ", "))")
        for plan in plans {
            let name = "plan \(plan.namespace)/\(plan.name)"
            let isFine = [.healthy, .paused, .never].contains(plan.health)
            note(
                isFine, "\(name) is \(plan.health.rawValue)",
                "\(name) is \(plan.health.rawValue): \(plan.problem ?? "no reason is known")")
        }
        for queue in queues where queue.name.hasSuffix("dead") && queue.messages > 0 {
            note(false, "", "\(queue.messages) messages lie in \(queue.name); look at them with: sheaf dead list")
        }
        for (name, path) in [
            ("health", "/v1/health"), ("plans", "/v1/plans"), ("failedSessions", "/v1/sessions?phase=Failed&limit=100"),
            ("newestSessions", "/v1/sessions?limit=100"), ("repositories", "/v1/repositories"), ("workers", "/v1/workers"),
            ("queues", "/v1/queues"), ("targets", "/v1/targets"),
            ("backupConfigurations", "/v1/resources/backupconfiguration"), ("repositoryManifests", "/v1/resources/repository"),
            ("appBindings", "/v1/resources/appbinding"),
        ] { file[name] = try JSONValue(parsing: try client.text(path)) }
        file["metrics"] = .string(try client.text("/metrics"))
        file["client"] = .string(Sheaf.version)
    }

    private mutating func note(_ isFine: Bool, _ good: String, _ bad: String) {
        findings.append(Finding(isFine: isFine, text: isFine ? good : bad))
    }
}
