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

        var isInvalid: Bool { type == ResourceStatus.validation && isMet == false }

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
        switch resource.key.kind {
        case .repository, .appBinding, .function, .task: phase = nil
        case .namespace, .secret, .backupConfiguration, .restoreSession, .backupBlueprint, .backupBatch, .restoreBatch,
            .backupSession:
            phase = "Invalid"
        }
        findings = [
            Finding(
                type: Self.validation, isMet: false, reason: "ResourceValidationFailed",
                message: causes.joined(separator: "\n"))
        ]
    }

    init() {}

    /// Ready where everything that a Scheduler can know is there.
    init(of plan: BackupConfiguration, in resources: ResourceSet, at now: Timestamp) {
        let cron = Self.cron(of: plan, at: now)
        findings =
            Self.references(plan.metadata.namespace, repository: plan.repositoryKey, in: resources)
            + [
                Self.validation(TaskResolution(of: plan, in: resources)), cron.finding,
                Self.target(plan.targetKey, "BackupTargetFound", in: resources),
            ]
        phase = findings.contains { $0.isMet == false } ? "NotReady" : "Ready"
        if findings.contains(where: \.isInvalid) { phase = "Invalid" }
        if let next = cron.next, !plan.spec.paused { fields = [.init(name: "nextRun", value: .string("\(next)"))] }
    }

    /// As a plan's; `BackupTargetFound` holds when all members' targets are there.
    init(of batch: BackupBatch, in resources: ResourceSet, at now: Timestamp) {
        let cron = Self.cron(of: batch, at: now)
        let targets = batch.configurations.map(\.targetKey)
        findings =
            Self.references(batch.metadata.namespace, repository: batch.repositoryKey, in: resources)
            + [
                Self.validation(ofMembers: batch.configurations.map { TaskResolution(of: $0, in: resources) }), cron.finding,
                Self.targets(targets, "BackupTargetFound", in: resources),
            ]
        phase = findings.contains { $0.isMet == false } ? "NotReady" : "Ready"
        if findings.contains(where: \.isInvalid) { phase = "Invalid" }
        if let next = cron.next, !batch.isPaused { fields = [.init(name: "nextRun", value: .string("\(next)"))] }
        fields.append(memberConditions(of: targets, in: resources))
    }

    init(of batch: RestoreBatch, in resources: ResourceSet) {
        findings =
            Self.references(batch.metadata.namespace, repository: batch.repositoryKey, in: resources)
            + [
                Self.validation(ofMembers: batch.restores.map { TaskResolution(of: $0, in: resources) }),
                Self.targets(batch.restores.map(\.targetKey), "RestoreTargetFound", in: resources),
            ]
        if findings.contains(where: \.isInvalid) { phase = "Invalid" }
    }

    /// Stash's `status.memberConditions`.
    private func memberConditions(of targets: [ResourceKey], in resources: ResourceSet) -> JSONValue.Member {
        .init(
            name: "memberConditions",
            value: .array(
                targets.map { target in
                    [
                        "target": [
                            "apiVersion": .string(target.kind.apiVersion), "kind": .string(target.kind.rawValue),
                            "name": .string(target.name), "namespace": .string(target.namespace),
                        ], "conditions": [Self.target(target, "BackupTargetFound", in: resources).json],
                    ]
                }))
    }

    private static func targets(_ keys: [ResourceKey], _ type: String, in resources: ResourceSet) -> Finding {
        let findings = keys.map { target($0, type, in: resources) }
        let missing = findings.filter { $0.isMet == false }
        guard var finding = missing.first else {
            return Finding(
                type: type, isMet: true, reason: "TargetAvailable",
                message: "The AppBindings of all \(keys.count) members are declared.")
        }
        finding.message = missing.map(\.message).joined(separator: " ")
        return finding
    }

    init(of restore: RestoreSession, in resources: ResourceSet) {
        findings =
            Self.references(restore.metadata.namespace, repository: restore.repositoryKey, in: resources)
            + [
                Self.validation(TaskResolution(of: restore, in: resources)),
                Self.target(restore.targetKey, "RestoreTargetFound", in: resources),
            ]
        if findings.contains(where: \.isInvalid) { phase = "Invalid" }
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

    /// The manifest was read; what else makes it valid is its Task.
    private static func validation(ofMembers tasks: [TaskResolution]) -> Finding {
        for (place, task) in tasks.enumerated() where task.problem() != nil {
            return validation(task, at: "spec.members[\(place)].task")
        }
        return validation(nil, at: "")
    }

    private static func validation(_ task: TaskResolution?, at path: String = "spec.task") -> Finding {
        if let problem = task?.problem() {
            return Finding(
                type: Self.validation, isMet: false, reason: "ResourceValidationFailed", message: "\(path): \(problem.message)")
        }
        return Finding(
            type: Self.validation, isMet: true, reason: "ResourceValidationPassed", message: "The manifest is valid.")
    }

    /// Stash's type of the condition that says whether a manifest is Invalid.
    private static let validation = "ValidationPassed"

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
    private static func cron(of plan: some BackupPlan, at now: Timestamp) -> (finding: Finding, next: Timestamp?) {
        let type = "CronJobCreated"
        guard let schedule = plan.schedule else {
            return (
                Finding(type: type, isMet: true, reason: "NoSchedule", message: "It has no schedule and runs when asked to."), nil
            )
        }
        do {
            var book = ScheduleBook()
            try book.take(plan)
            let message = plan.isPaused ? "It is paused." : "The schedule \(schedule) is followed."
            let reason = plan.isPaused ? "Paused" : "CronJobCreationSucceeded"
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
