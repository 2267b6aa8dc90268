import Manifests
import Messages
import Runtime

/// Looks at all schedules once a second: starts what is due, retries what failed, publishes what has waited, rescues what went quiet, and
/// keeps the page of metrics fresh.
struct ScheduleTicker: Sendable {
    /// Finished sessions older than this are forgotten, but for the newest hundred of each plan and its last success.
    static let memory = Duration.seconds(90 * 86_400)
    /// A plan's backupHistoryLimit may ask for more.
    static let history = 100
    /// A plan that is gone for so long is new when it comes back.
    static let patience = Duration.seconds(300)

    /// A session that said nothing for so long is published again.
    let quietLimit: Duration
    let folder: ResourceFolder
    let starter: SessionStarter
    let ledger: Ledger
    let registry: MetricsRegistry
    let measurements: Measurements
    /// Where the API looks up what is known of each schedule.
    let schedules: Lock<[PlanName: ScheduleBook.Summary]>
    let version: String
    let logger: Logger
    /// Whether the ledger knows what the broker had to tell: before, an ended session would still seem to run, and its plan's next be skipped.
    let isUpToDate: @Sendable () -> Bool

    /// - Throws: only for cancellation; what fails is logged and looked at again at the next tick.
    func run() async throws {
        var ticks = 0
        var book = ScheduleBook()
        var recalled = Recall()
        let rescueTicks = Int(min(max(quietLimit.seconds, 1), 60))
        while !Task.isShuttingDownGracefully {
            let now = Timestamp.now()
            let (resources, plans) = await folder.loaded()
            let configurations = resources.plans
            try await attempt("looking how far the ledger's rebuild is") {
                if recalled.take(try await ledger.rebuild()) { book = ScheduleBook() }
            }
            read(configurations, into: &book)
            try await attempt("reading what schedules did") { try await recall(configurations, &book, now) }
            if isUpToDate() {
                // One that fails keeps none of the others from its work.
                try await attempt("starting what is due") { try await fireDue(resources, configurations, &book, &recalled, now) }
                try await attempt("trying again what failed") { try await retry(resources, book, now) }
                try await attempt("publishing what has waited") {
                    try await starter.release(now: now, isGone: { plans.isGone($0) }) { command in
                        book.nextRun(of: command.planName, after: now)
                    }
                }
                if ticks % rescueTicks == rescueTicks - 1 { try await attempt("a rescue") { try await rescue(now) } }
            }
            if ticks % 60 == 0 { try await attempt("forgetting plans that are gone") { try await forget(plans, now) } }
            if ticks % 3600 == 60 { try await attempt("forgetting old sessions") { try await prune(configurations, plans, now) } }
            if ticks % 5 == 0 {
                try await attempt("counting for the metrics") { try await refreshMetrics(configurations, plans, book, now: now) }
            }
            ticks += 1
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func attempt(_ work: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.error(
                "a tick failed in part and is repeated", metadata: ["part": .string(work), "error": .string("\(error)")])
        }
    }

    func read(_ configurations: [any BackupPlan], into book: inout ScheduleBook) {
        for configuration in configurations {
            do {
                try book.take(configuration)
            } catch {
                logger.warning(
                    "a schedule is not valid, so the plan does not run by itself",
                    metadata: ["invoker": .string(configuration.metadata.name), "error": .string("\(error)")])
            }
        }
        book.keep(Set(configurations.map(\.planName)))
    }

    /// Before anything is decided: the page needs it even while the broker is away.
    func recall(_ configurations: [any BackupPlan], _ book: inout ScheduleBook, _ now: Timestamp) async throws {
        for plan in configurations.map(\.planName) where book.isUnknown(plan) {
            book.recall(try await ledger.scheduleState(of: plan), of: plan, now: now)
        }
    }

    private func fireDue(
        _ resources: ResourceSet, _ configurations: [any BackupPlan], _ book: inout ScheduleBook,
        _ recalled: inout Recall, _ now: Timestamp
    ) async throws {
        for configuration in configurations {
            let plan = configuration.planName
            guard let schedule = book.due(plan, now: now, isPaused: configuration.isPaused) else { continue }
            var known = book.state(of: plan)
            if known == nil { known = try await ledger.scheduleState(of: plan) }
            if known == nil {
                guard !recalled.holds(plan, of: configuration.repositoryKey, at: now) else { continue }
                known = try await recalled.state(of: plan, schedule, repository: configuration.repositoryKey, in: ledger, at: now)
            }
            let (state, actions) = schedule.advance(known, to: now, isPaused: configuration.isPaused)
            for case .fire(let slot, let missed) in actions {
                if missed > 0 {
                    logger.notice(
                        "missed runs are made up for by one",
                        metadata: ["invoker": .string(plan.name), "missed": .string("\(missed)")])
                }
                let made = try SessionFactory(resources: resources, now: now).session(
                    of: plan, key: .slot(slot), notAfter: book.nextRun(of: plan, after: now))
                if case .refused(_, let reason) = try await starter.start(made) {
                    logger.error(
                        "a slot of a plan had no session",
                        metadata: ["invoker": .string(plan.name), "slot": .string(slot.description), "error": .string(reason)])
                }
            }
            // After the publish: a crash between fires the slot again, which is the same session.
            try await ledger.save(state, of: plan)
            book.settle(state, of: plan, now: now)
        }
    }

    /// Only sessions that a worker has begun: one that still waits for a worker would only wait twice.
    private func rescue(_ now: Timestamp) async throws {
        let quiet = try await ledger.quietSessions(since: now - quietLimit).filter { $0.session.startedAt != nil }
        // Where units wait, a quiet session is one whose turn has not come: published again, all of its units would wait twice.
        if !quiet.isEmpty, try await starter.waitingUnits() == 0 {
            for session in quiet { try await starter.rescue(session) }
        }
        try await giveUp(now)
    }

    /// Guesses, by the clock, which sessions no worker will end; a worker's word counts more, however late.
    func giveUp(_ now: Timestamp) async throws {
        let (late, never) = (
            try await ledger.sessionsPastDeadline(at: now - quietLimit), try await ledger.sessionsNeverBegun(at: now - quietLimit)
        )
        for session in late {
            try await giveUp(
                session, "DeadlineExceeded", "NoWord",
                "no worker ended the session although its deadline passed; are workers running, and is its repository reachable?",
                now)
        }
        for session in never {
            try await giveUp(
                session, "Expired", "NotBegun", "no worker began the session in time; are workers running?", now)
        }
    }

    private func giveUp(
        _ session: Ledger.UnfinishedSession, _ condition: String, _ reason: String, _ message: String, _ now: Timestamp
    ) async throws {
        let failure = Condition(type: condition, reason: reason, message: message, lastTransitionTime: now)
        let status = LedgerEvent.Status(
            phase: .failed, source: .scheduler, finishedAt: now, error: message, conditions: [failure])
        try await ledger.apply([LedgerEvent(session: session.session.id, time: now, content: .status(status))])
    }

    func forget(_ plans: LoadedPlans, _ now: Timestamp) async throws {
        try await ledger.forgetSchedules(where: { plans.isGone($0.key) }, for: Self.patience, now: now)
    }

    private func prune(_ configurations: [any BackupPlan], _ plans: LoadedPlans, _ now: Timestamp) async throws {
        let limits = configurations.compactMap { one in one.backupHistoryLimit.map { (one.planName, $0) } }
        try await ledger.prune(
            before: now - Self.memory, keepingNewest: Self.history, andMoreOf: Dictionary(limits) { first, _ in first },
            isGone: { plans.isGone($0) })
    }
}
