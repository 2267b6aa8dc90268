import Manifests
import Messages
import Runtime

/// The status of a declared resource: Stash's phase and conditions, as a pure function of the resources and the time.
///
/// Conditions have no times: they are made anew each time they are asked for.
struct ResourceStatus {
    struct Finding: Equatable {
        var type: String
        /// Nil where a Scheduler cannot know.
        var isMet: Bool?
        var reason: String
        var message: String

        var json: JSONValue {
            [
                "type": .string(type), "status": .string(isMet.map { $0 ? "True" : "False" } ?? "Unknown"),
                "reason": .string(reason), "message": .string(message),
            ]
        }
    }

    /// Stash's word, nil for kinds that have none.
    var phase: String?
    var findings: [Finding] = []
    /// Of the kind alone, before phase and conditions.
    var fields: [JSONValue.Member] = []

    var json: JSONValue {
        var members = fields
        if let phase { members.append(.init(name: "phase", value: .string(phase))) }
        if !findings.isEmpty { members.append(.init(name: "conditions", value: .array(findings.map(\.json)))) }
        return .object(members)
    }

    /// Of a manifest with errors: what was declared by the same name before stays in force until it is right.
    init(refused resource: RefusedResource) {
        let causes = resource.complaints.filter { $0.severity == .error }.map(\.description)
        phase = resource.key.kind == .repository || resource.key.kind == .appBinding ? nil : "Invalid"
        findings = [
            Finding(
                type: "ValidationPassed", isMet: false, reason: "ResourceValidationFailed",
                message: causes.joined(separator: "\n"))
        ]
    }

    init() {}

    /// Ready where everything that a Scheduler can know is there.
    init(of plan: BackupConfiguration, in resources: ResourceSet, at now: Timestamp) {
        let cron = Self.cron(of: plan, at: now)
        findings =
            Self.references(plan.metadata.namespace, repository: plan.repositoryKey, in: resources)
            + [Self.validated, cron.finding, Self.target(plan.targetKey, "BackupTargetFound", in: resources)]
        phase = findings.contains { $0.isMet == false } ? "NotReady" : "Ready"
        if let next = cron.next, !plan.spec.paused { fields = [.init(name: "nextRun", value: .string("\(next)"))] }
    }

    init(of restore: RestoreSession, in resources: ResourceSet) {
        findings =
            Self.references(restore.metadata.namespace, repository: restore.repositoryKey, in: resources)
            + [Self.validated, Self.target(restore.targetKey, "RestoreTargetFound", in: resources)]
    }

    /// Stash's fields, by the last word of a worker.
    init(of repository: Ledger.KnownRepository) {
        guard let status = repository.event?.status else { return }
        func add(_ name: String, _ value: JSONValue?) {
            if let value { fields.append(.init(name: name, value: value)) }
        }
        add("firstBackupTime", status.firstBackupTime.map { .string("\($0)") })
        add("lastBackupTime", status.lastBackupTime.map { .string("\($0)") })
        add("integrity", status.integrity.map { .bool($0) })
        add("totalSize", .string("\(ByteCount(status.size))"))
        add("snapshotCount", JSONValue(status.snapshotCount))
        add("snapshotsRemovedOnLastCleanup", JSONValue(status.snapshotsRemovedOnLastCleanup))
    }

    private static let validated = Finding(
        type: "ValidationPassed", isMet: true, reason: "ResourceValidationPassed", message: "The manifest is valid.")

    private static func references(
        _ namespace: String, repository key: ResourceKey, in resources: ResourceSet
    ) -> [Finding] {
        guard let repository = resources.repository(key)?.value else {
            return [
                Finding(
                    type: "RepositoryFound", isMet: false, reason: "RepositoryNotFound", message: "There is no \(key): apply it.")
            ]
        }
        guard resources.allows(repository, from: namespace) else {
            let message = "\(key) may not be used from namespace \(namespace); its spec.usagePolicy decides."
            return [Finding(type: "RepositoryFound", isMet: false, reason: "NamespaceNotAllowed", message: message)]
        }
        var findings = [
            Finding(type: "RepositoryFound", isMet: true, reason: "RepositoryAvailable", message: "\(key) is declared.")
        ]
        if let secret = repository.secretKey {
            findings.append(
                Finding(
                    type: "BackendSecretFound", isMet: nil, reason: "KeptByWorkers",
                    message: "\(secret) is for the workers to have; a Scheduler sees no secrets."))
        }
        return findings
    }

    private static func target(_ key: ResourceKey, _ type: String, in resources: ResourceSet) -> Finding {
        resources.appBinding(key) == nil
            ? Finding(type: type, isMet: false, reason: "TargetNotFound", message: "There is no \(key): apply it.")
            : Finding(type: type, isMet: true, reason: "TargetAvailable", message: "\(key) is declared.")
    }

    /// The condition that Stash has for its CronJob: the schedule is understood and runs.
    private static func cron(of plan: BackupConfiguration, at now: Timestamp) -> (finding: Finding, next: Timestamp?) {
        let type = "CronJobCreated"
        guard let schedule = plan.spec.schedule else {
            return (
                Finding(type: type, isMet: true, reason: "NoSchedule", message: "It has no schedule and runs when asked to."), nil
            )
        }
        do {
            var book = ScheduleBook()
            try book.take(plan)
            let message = plan.spec.paused ? "It is paused." : "The schedule \(schedule) is followed."
            let reason = plan.spec.paused ? "Paused" : "CronJobCreationSucceeded"
            return (
                Finding(type: type, isMet: true, reason: reason, message: message), book.nextRun(of: plan.planName, after: now)
            )
        } catch {
            return (Finding(type: type, isMet: false, reason: "CronJobCreationFailed", message: "\(error)"), nil)
        }
    }
}

extension ResourceStatus.Finding {
    /// Whether the ledger has all sessions that a Repository remembers, where it had lost them.
    init(_ reading: Rebuild.Reading) {
        type = "SessionsRead"
        isMet = reading.doneAt != nil
        switch (reading.doneAt, reading.isAbsent, reading.error) {
        case (.some, _, let damage?):
            (reason, message) = ("ReadInPart", "\(reading.sessions) sessions were read. Not all could be: \(damage)")
        case (.some, _, nil): (reason, message) = ("Read", "\(reading.sessions) sessions were read.")
        case (nil, true, let error): (reason, message) = ("NoRepository", "There is none yet: \(error ?? "")")
        case (nil, false, let error?):
            (reason, message) = ("Unreachable", "After \(reading.failures) attempts and \(reading.sessions) sessions: \(error)")
        case (nil, false, nil): (reason, message) = ("Reading", "\(reading.sessions) sessions were read so far.")
        }
    }
}
