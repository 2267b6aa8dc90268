import API
import Manifests
import Messages
import Runtime

/// The plans as the API shows them: resources, what the ticker knows of their schedules, and what the ledger knows of their sessions.
struct PlanBoard: Sendable {
    let folder: ResourceFolder
    let ledger: Ledger
    let pauses: PauseFile
    /// What the ticker last knew of each schedule.
    let schedules: Lock<[PlanName: ScheduleBook.Summary]>

    /// - Parameter name: nil for all.
    func plans(only name: PlanName?, at now: Timestamp) async throws -> [Plan] {
        let (resources, refused) = await folder.view()
        let summaries = Dictionary(
            try await ledger.summaries().filter { $0.invoker.kind == BackupConfiguration.kind.rawValue }
                .map { (PlanName(namespace: $0.namespace, name: $0.invoker.name), $0) }, uniquingKeysWith: { first, _ in first })
        let days = try await ledger.days(of: name, until: now)
        var plans: [Plan] = []
        for configuration in resources.backupConfigurations.map(\.value) {
            guard name == nil || configuration.planName == name else { continue }
            plans.append(
                try await plan(
                    configuration, resources, summaries[configuration.planName], days[configuration.planName] ?? [:], at: now))
        }
        // One that had mistakes all along, or has them now: what was last good of it may still be in force, and this is what to mend.
        for one in refused where one.key.kind == .backupConfiguration {
            let key = PlanName(namespace: one.key.namespace, name: one.key.name)
            guard name == nil || key == name else { continue }
            let problem = one.complaints.map(\.description).joined(separator: "\n")
            if let place = plans.firstIndex(where: { $0.namespace == key.namespace && $0.name == key.name }) {
                (plans[place].health, plans[place].problem) = (.invalid, problem)
            } else {
                var plan = Plan(namespace: key.namespace, name: key.name, target: "", repository: "", health: .invalid)
                plan.problem = problem
                plans.append(plan)
            }
        }
        return plans.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    }

    private func plan(
        _ configuration: BackupConfiguration, _ resources: ResourceSet, _ summary: Ledger.InvokerSummary?,
        _ days: [String: Plan.DayResult], at now: Timestamp
    ) async throws -> Plan {
        let name = configuration.planName
        let schedule = schedules.withLock { $0[name] }
        let (target, repository) = (configuration.targetKey, configuration.repositoryKey)
        var filter = Ledger.Filter()
        (filter.kind, filter.namespace, filter.invokerName) = (.backup, name.namespace, name.name)
        let newest = try await ledger.sessions(limit: 1, filter: filter).first
        var plan = Plan(
            namespace: name.namespace, name: name.name, target: "\(target.namespace)/\(target.name)",
            repository: "\(repository.namespace)/\(repository.name)", schedule: configuration.spec.schedule,
            timeZone: configuration.spec.timeZone, isPaused: configuration.spec.paused, health: .healthy,
            nextRun: configuration.spec.paused ? nil : schedule?.nextRun,
            expectedIntervalSeconds: schedule?.expectedInterval?.seconds,
            lastSuccess: summary?.lastSuccess.flatMap { SessionSummary($0) }, lastSession: newest.flatMap { SessionSummary($0) },
            consecutiveFailures: summary?.consecutiveFailures ?? 0, days: Plan.strip(days, until: now))
        plan.pause = pauses[name]
        let isOverdue = SchedulerMetrics.Configuration(
            namespace: name.namespace, name: name.name, repository: repository.name, isPaused: plan.isPaused,
            knownSince: schedule?.knownSince, expectedInterval: schedule?.expectedInterval, nextRun: nil
        ).isOverdue(lastSuccess: summary?.lastSuccess?.finishedAt, at: now)
        let missing = [target, repository].first {
            $0.kind == .appBinding ? resources.appBinding($0) == nil : resources.repository($0) == nil
        }
        (plan.health, plan.problem) = Plan.health(
            missing: missing, isPaused: plan.isPaused, isOverdue: isOverdue == true, lastFinished: summary?.lastFinished)
        return plan
    }
}

extension Plan {
    /// Days that a plan's strip has.
    static let stripDays = 30

    /// The first word that fits, in the order of `Health`, and why.
    static func health(
        missing: ResourceKey?, isPaused: Bool, isOverdue: Bool, lastFinished: LedgerSession?
    ) -> (Health, String?) {
        if let missing { return (.invalid, "there is no \(missing): apply it") }
        if isPaused { return (.paused, nil) }
        let isFailing = lastFinished.map { $0.phase != .succeeded } ?? false
        if isOverdue {
            return (.overdue, isFailing ? lastFinished?.error : "nothing succeeded for longer than its schedule allows")
        }
        if isFailing { return (.failing, lastFinished?.error) }
        return (lastFinished == nil ? .never : .healthy, nil)
    }

    static func strip(_ results: [String: DayResult], until now: Timestamp) -> [Day] {
        (0..<stripDays).reversed().map { back in
            let date = String((now - .seconds(86_400 * back)).description.prefix(10))
            return Day(date: date, result: results[date] ?? .none)
        }
    }
}
