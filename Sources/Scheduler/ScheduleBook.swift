import Messages
package import Runtime

/// The schedules of all plans, read once, with where each stands: a pure value, so that a second in which nothing is due costs a comparison a plan.
package struct ScheduleBook: Sendable {
    /// What a plan's entry is made of; another makes it anew.
    private struct Source: Hashable, Sendable {
        var text: String?
        var timeZone: String?
        var jitter: StashDuration

        init(_ plan: some BackupPlan) {
            text = plan.schedule
            timeZone = plan.timeZone
            jitter = plan.metadata.jitter
        }
    }

    private struct Entry: Sendable {
        var source: Source
        /// Nil for a plan without a schedule, or with one that is not valid.
        var schedule: CronSchedule?
        var state: CronSchedule.State?
        /// `CronSchedule.nextRun(after:)` of the state.
        var nextRun: Timestamp?
        var interval: Duration?
        var intervalCountedAt: Timestamp?
        /// What the ledger said before there was a state, for the summary.
        var isRecalled = false
        var knownSince: Timestamp?
    }

    /// What the metrics show of a plan.
    package struct Summary: Hashable, Sendable {
        package var knownSince: Timestamp?
        /// The longest time between two runs.
        package var expectedInterval: Duration?
        package var nextRun: Timestamp?
    }

    private var entries: [PlanName: Entry] = [:]

    package init() {}

    /// Takes a plan in, and forgets what was known of it if its schedule is another now.
    ///
    /// - Throws: `.invalidSchedule`, `.invalidTimeZone`: once for each change, then the plan counts as one without a schedule.
    package mutating func take(_ plan: some BackupPlan) throws {
        let source = Source(plan)
        guard entries[plan.planName]?.source != source else { return }
        entries[plan.planName] = Entry(source: source)
        guard let text = source.text else { return }
        let expression = try CronExpression(text)
        let zone = if let name = source.timeZone { try TimeZoneRules(identifier: name) } else { TimeZoneRules.utc }
        let delay = try Jitter.delay(
            within: source.jitter, namespace: plan.metadata.namespace, name: plan.metadata.name)
        entries[plan.planName]?.schedule = CronSchedule(expression: expression, zone: zone, delay: delay)
    }

    /// Forgets all plans but these.
    package mutating func keep(_ plans: Set<PlanName>) { entries = entries.filter { plans.contains($0.key) } }

    /// The schedule of a plan about which something is to be decided now, nil where there is none or nothing is.
    package func due(_ plan: PlanName, now: Timestamp, isPaused: Bool) -> CronSchedule? {
        guard let entry = entries[plan], let schedule = entry.schedule else { return nil }
        guard let state = entry.state, state.isPaused == isPaused, state.handledUntil <= now + CronSchedule.clockTolerance else {
            return schedule
        }
        return entry.nextRun.map { $0 <= now } == true ? schedule : nil
    }

    /// The state of a plan, nil before the first `settle`: then it is in the ledger.
    package func state(of plan: PlanName) -> CronSchedule.State? { entries[plan]?.state }

    /// Whether the ledger has to be asked what it remembers of a plan.
    package func isUnknown(_ plan: PlanName) -> Bool {
        entries[plan].map { $0.schedule != nil && $0.state == nil && !$0.isRecalled } ?? false
    }

    /// Takes in what the ledger remembers of a plan, for its summary alone: what is due is decided on once the broker has told what it knows.
    package mutating func recall(_ state: CronSchedule.State?, of plan: PlanName, now: Timestamp) {
        guard var entry = entries[plan], let schedule = entry.schedule else { return }
        entry.isRecalled = true
        entry.knownSince = state?.knownSince
        entry.nextRun =
            if let state, state.rule == schedule.rule { schedule.nextRun(after: state) } else { nextRun(of: plan, after: now) }
        entry.interval = schedule.longestInterval(from: now)
        entry.intervalCountedAt = now
        entries[plan] = entry
    }

    /// Notes what `CronSchedule.advance` made of a plan's state, once its actions are done.
    package mutating func settle(_ state: CronSchedule.State, of plan: PlanName, now: Timestamp) {
        guard var entry = entries[plan], let schedule = entry.schedule else { return }
        entry.state = state
        entry.nextRun = schedule.nextRun(after: state)
        // It walks through a week of slots, which a year of others does not change.
        if entry.intervalCountedAt.map({ now - $0 > .seconds(86_400) }) ?? true {
            entry.interval = schedule.longestInterval(from: now)
            entry.intervalCountedAt = now
        }
        entries[plan] = entry
    }

    /// The run after `time`, or that which is due.
    package func nextRun(of plan: PlanName, after time: Timestamp) -> Timestamp? {
        guard let schedule = entries[plan]?.schedule else { return nil }
        return schedule.nextSlot(after: time - schedule.delay).map { $0 + schedule.delay }
    }

    package func summary(of plan: PlanName) -> Summary {
        let entry = entries[plan]
        return Summary(
            knownSince: entry?.state?.knownSince ?? entry?.knownSince, expectedInterval: entry?.interval, nextRun: entry?.nextRun)
    }
}
