import FoundationEssentials
import Messages
import Runtime

/// The row of one session, and how an event changes it.
///
/// Each field is the least, the greatest, the first or the last by the senders' clocks of what was ever told, and where the session stands is the greatest
/// by `Standing`'s order. So the row is the same whatever the order and however often an event comes.
struct LedgerRecord: Equatable {
    /// Where a session stands by one sender's word. Ordered by the source, then by how far it is, then by time; the
    /// other fields only settle ties, so that no order of arrival is ever seen.
    struct Standing: Equatable, Comparable {
        var source: PhaseSource
        var phase: Phase
        var at: Int
        var finishedAt: Int?
        var snapshot: String?
        var error: String?
        /// JSON with sorted keys.
        var conditions = "[]"

        static func < (left: Standing, right: Standing) -> Bool {
            if left.source != right.source { return left.source < right.source }
            if left.phase.progress != right.phase.progress { return left.phase.progress < right.phase.progress }
            if left.at != right.at { return left.at < right.at }
            return left.ties.lexicographicallyPrecedes(right.ties)
        }

        private var ties: [String] { [finishedAt.map { "\($0)" } ?? "", snapshot ?? "", error ?? "", conditions] }
    }

    let id: String
    var identity: LedgerSession.Identity?
    var requestedAt: Int?
    var firstEventAt: Int
    var startedAt: Int?
    var progressAt: Int?
    var rescueAt: Int?
    var deadline: Int?
    /// One that came just now; an earlier one stays, whatever this is.
    var message: [UInt8]?
    var targetNamespace: String?
    var turnAt: Int?
    var publishedAt: Int?
    var notAfter: Int?
    var retryLeft: Int?
    var nextRetry: Int?
    /// When that was told: of it the last word counts.
    var retryNotedAt: Int?
    /// Empty when no session will follow.
    var retriedAs: String?
    var standing: Standing

    init(id: String, at time: Int) {
        self.id = id
        firstEventAt = time
        standing = Standing(source: .announced, phase: .pending, at: 0)
    }

    var createdAt: Int { requestedAt ?? firstEventAt }

    /// Whether it waits for its turn, here or at another Scheduler, which keeps the message.
    var isWaiting: Bool { standing.phase == .pending && publishedAt == nil && turnAt == nil }

    mutating func apply(_ event: LedgerEvent) throws(SchedulerError) {
        let time = event.time.milliseconds
        firstEventAt = min(firstEventAt, time)
        switch event.content {
        case .request(let request):
            identity = Self.least(identity, request.identity)
            requestedAt = Self.least(requestedAt, time)
            deadline = Self.greatest(deadline, request.deadline?.milliseconds)
            message = message ?? request.message
            targetNamespace = targetNamespace ?? request.targetNamespace
            turnAt = Self.least(turnAt, request.turnAt?.milliseconds)
            publishedAt = Self.least(publishedAt, request.publishedAt?.milliseconds)
            notAfter = Self.greatest(notAfter, request.notAfter?.milliseconds)
            retryLeft = Self.least(retryLeft, request.retryLeft)
        case .status(let status):
            try apply(status, at: time)
        case .progress:
            startedAt = Self.least(startedAt, time)
            progressAt = Self.greatest(progressAt, time)
            // Says that the session runs, and nothing else about it: any status of the same phase is later.
            standing = max(standing, Standing(source: .announced, phase: .running, at: 0))
        case .rescue:
            rescueAt = Self.greatest(rescueAt, time)
        case .retry(let retry):
            // Equal moments settle like all else, so that no order of arrival is seen.
            if (retryNotedAt ?? .min, nextRetry ?? .min) < (time, retry.at?.milliseconds ?? .min) {
                (retryNotedAt, nextRetry) = (time, retry.at?.milliseconds)
            }
            retriedAs = Self.greatest(retriedAs, retry.session)
        }
    }

    private mutating func apply(_ status: LedgerEvent.Status, at time: Int) throws(SchedulerError) {
        identity = Self.least(identity, status.identity)
        requestedAt = Self.least(requestedAt, status.requestedAt?.milliseconds)
        startedAt = Self.least(startedAt, status.startedAt?.milliseconds ?? (status.phase == .running ? time : nil))
        if status.source != .scheduler, status.phase != .pending {
            progressAt = Self.greatest(progressAt, time)
        }
        let finishedAt = status.phase.isFinal ? (status.finishedAt?.milliseconds ?? time) : nil
        let told = Standing(
            source: status.source, phase: status.phase, at: time, finishedAt: finishedAt, snapshot: status.snapshot,
            error: status.error, conditions: try Self.text(of: status.conditions))
        standing = max(standing, told)
    }

    /// Two Schedulers that ask for one session at one slot name it by their own clocks: the earlier name counts, in both ledgers.
    private static func least(_ left: LedgerSession.Identity?, _ right: LedgerSession.Identity?) -> LedgerSession.Identity? {
        guard let left, let right else { return left ?? right }
        return right.name < left.name ? right : left
    }

    private static func least(_ left: Int?, _ right: Int?) -> Int? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    private static func greatest<Value: Comparable>(_ left: Value?, _ right: Value?) -> Value? {
        guard let left, let right else { return left ?? right }
        return max(left, right)
    }

    static func text(of conditions: [Condition]) throws(SchedulerError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(conditions), as: UTF8.self)
        } catch {
            throw SchedulerError(.databaseFailed, "conditions of a session could not be written as JSON: \(error)")
        }
    }

    static func conditions(in text: String) throws(SchedulerError) -> [Condition] {
        do {
            return try JSONDecoder().decode([Condition].self, from: Data(text.utf8))
        } catch {
            throw SchedulerError(.databaseDamaged, "the ledger holds conditions that are not JSON: \(error)")
        }
    }
}

extension Phase {
    /// How far a session is by this word.
    fileprivate var progress: Int {
        switch self {
        case .pending: 0
        case .running: 1
        case .unknown: 2
        case .skipped: 3
        case .failed: 4
        case .succeeded: 5
        }
    }
}

extension Timestamp {
    var milliseconds: Int { Int(millisecondsSinceEpoch) }

    init(milliseconds: Int) {
        self.init(millisecondsSinceEpoch: Int64(milliseconds))
    }
}
