package import Runtime

/// A plan as the API shows it: a BackupConfiguration or BackupBatch, and how it fares.
package struct Plan: Codable, Sendable, Equatable {
    /// One word for how a plan is, from the ledger and the clock. The first that fits counts, in this order.
    package enum Health: String, Codable, Sendable, CaseIterable {
        /// Its manifest has mistakes or names what is not there: it does not run.
        case invalid
        /// Its schedule is stopped by a pause.
        case paused
        /// Nothing succeeded for longer than its schedule allows: the rule of the alert BackupOverdue.
        case overdue
        /// The last session that ended was not successful.
        case failing
        /// It never ran.
        case never
        case healthy
    }

    /// How one day of a plan went, UTC.
    package enum DayResult: String, Codable, Sendable {
        /// No session ended on that day.
        case none
        case succeeded
        /// Some failed and some succeeded.
        case mixed
        case failed
    }

    /// Sessions that ended on one day.
    package struct Day: Codable, Sendable, Equatable {
        /// Such as `2026-11-27`.
        package var date: String
        package var result: DayResult

        package init(date: String, result: DayResult) {
            self.date = date
            self.result = result
        }
    }

    /// Who stopped the schedule by the API, and when.
    package struct Pause: Codable, Sendable, Equatable {
        package var by: String
        package var at: Timestamp

        package init(by: String, at: Timestamp) {
            self.by = by
            self.at = at
        }
    }

    /// `BackupConfiguration` or `BackupBatch`.
    package var kind: String
    package var namespace: String
    package var name: String
    /// The AppBinding that is backed up, `NAMESPACE/NAME`; those of a batch separated by commas.
    package var target: String
    /// The Repository, `NAMESPACE/NAME`.
    package var repository: String
    /// Nil: it runs when asked to.
    package var schedule: String?
    /// Nil: UTC.
    package var timeZone: String?
    package var isPaused: Bool
    /// Nil where its manifest says so, or it is not paused.
    package var pause: Pause?
    package var health: Health
    /// Why it does not run or is not healthy, in a sentence.
    package var problem: String?
    package var nextRun: Timestamp?
    /// The longest time between two runs of its schedule, in seconds.
    package var expectedIntervalSeconds: Double?
    package var lastSuccess: SessionSummary?
    /// The newest session, ended or not.
    package var lastSession: SessionSummary?
    package var consecutiveFailures: Int
    /// The last 30 days, oldest first.
    package var days: [Day]

    package init(
        kind: String = "BackupConfiguration", namespace: String, name: String, target: String, repository: String,
        schedule: String? = nil, timeZone: String? = nil,
        isPaused: Bool = false, health: Health, nextRun: Timestamp? = nil, expectedIntervalSeconds: Double? = nil,
        lastSuccess: SessionSummary? = nil, lastSession: SessionSummary? = nil, consecutiveFailures: Int = 0, days: [Day] = []
    ) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.target = target
        self.repository = repository
        self.schedule = schedule
        self.timeZone = timeZone
        self.isPaused = isPaused
        self.health = health
        self.nextRun = nextRun
        self.expectedIntervalSeconds = expectedIntervalSeconds
        self.lastSuccess = lastSuccess
        self.lastSession = lastSession
        self.consecutiveFailures = consecutiveFailures
        self.days = days
    }
}
