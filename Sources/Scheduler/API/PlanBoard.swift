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
        var summaries: [PlanName: Ledger.InvokerSummary] = [:]
        for one in try await ledger.summaries() {
            guard let kind = ResourceKind(rawValue: one.invoker.kind) else { continue }
            summaries[PlanName(kind: kind, namespace: one.namespace, name: one.invoker.name)] = one
        }
        let days = try await ledger.days(of: name, until: now)
        var plans: [Plan] = []
        for configuration in resources.plans {
            guard name == nil || configuration.planName == name else { continue }
            plans.append(
                try await plan(
                    configuration, resources, summaries[configuration.planName], days[configuration.planName] ?? [:], at: now))
        }
        // One that had mistakes all along, or has them now: what was last good of it may still be in force, and this is what to mend.
        for one in refused where one.key.kind == .backupConfiguration || one.key.kind == .backupBatch {
            let key = PlanName(kind: one.key.kind, namespace: one.key.namespace, name: one.key.name)
            guard name == nil || key == name else { continue }
            let problem = one.complaints.map(\.description).joined(separator: "\n")
            if let place = plans.firstIndex(where: {
                ($0.kind, $0.namespace, $0.name) == (key.kind.rawValue, key.namespace, key.name)
            }) {
                (plans[place].health, plans[place].problem) = (.invalid, problem)
            } else {
                var plan = Plan(
                    kind: key.kind.rawValue, namespace: key.namespace, name: key.name, target: "", repository: "",
                    health: .invalid)
                plan.problem = problem
                plans.append(plan)
            }
        }
        return plans.sorted { ($0.namespace, $0.name, $0.kind) < ($1.namespace, $1.name, $1.kind) }
    }

    private func plan(
        _ configuration: any BackupPlan, _ resources: ResourceSet, _ summary: Ledger.InvokerSummary?,
        _ days: [String: Plan.DayResult], at now: Timestamp
    ) async throws -> Plan {
        let name = configuration.planName
        let schedule = schedules.withLock { $0[name] }
        let (targets, repository) = (configuration.targetKeys, configuration.repositoryKey)
        let newest = try await newestSession(of: name)
        var plan = Plan(
            kind: name.kind.rawValue, namespace: name.namespace, name: name.name,
            target: targets.map { "\($0.namespace)/\($0.name)" }.joined(separator: ", "),
            repository: "\(repository.namespace)/\(repository.name)", schedule: configuration.schedule,
            timeZone: configuration.timeZone, isPaused: configuration.isPaused, health: .healthy,
            nextRun: configuration.isPaused ? nil : schedule?.nextRun,
            expectedIntervalSeconds: schedule?.expectedInterval?.seconds,
            lastSuccess: summary?.lastSuccess.flatMap { SessionSummary($0) }, lastSession: newest,
            consecutiveFailures: summary?.consecutiveFailures ?? 0, days: Plan.strip(days, until: now))
        plan.pause = pauses[name]
        let isOverdue = SchedulerMetrics.Configuration(
            namespace: name.namespace, name: name.name, repository: repository.name, isPaused: plan.isPaused,
            knownSince: schedule?.knownSince, expectedInterval: schedule?.expectedInterval, nextRun: nil
        ).isOverdue(lastSuccess: summary?.lastSuccess?.finishedAt, at: now)
        let missing = (targets + [repository]).first {
            $0.kind == .appBinding ? resources.appBinding($0) == nil : resources.repository($0) == nil
        }
        (plan.health, plan.problem) = Plan.health(
            missing: missing, isPaused: plan.isPaused, isOverdue: isOverdue == true, lastFinished: summary?.lastFinished)
        return plan
    }

    /// That of a batch as one.
    private func newestSession(of plan: PlanName) async throws -> SessionSummary? {
        var filter = Ledger.Filter()
        (filter.kind, filter.namespace, filter.invokerName) = (.backup, plan.namespace, plan.name)
        filter.invokerKind = plan.kind.rawValue
        guard let newest = try await ledger.sessions(limit: 1, filter: filter).first else { return nil }
        guard let parent = newest.identity?.parent, let batch = try await ledger.batch(parent.id.text) else {
            return SessionSummary(newest)
        }
        return batch.session.flatMap { SessionSummary($0) }
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
