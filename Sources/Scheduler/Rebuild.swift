package import Messages
package import Runtime

/// How far a ledger is with learning anew what repositories remember (docs/ledger.md): a pure value.
package struct Rebuild: Sendable, Equatable {
    /// One Repository of it.
    package struct Reading: Sendable, Equatable {
        package var namespace: String
        package var name: String
        /// The rebuild that it is for.
        package var askedAt: Timestamp
        /// What to ask for the next page with; nil: the first.
        package var next: String?
        package var pages = 0
        /// Sessions that were told of so far.
        package var sessions = 0
        package var doneAt: Timestamp?
        /// A worker looked, and there is no such repository yet.
        package var isAbsent = false
        /// What hinders, or what could not be read; nil: nothing.
        package var error: String?
        /// In a row.
        package var failures = 0
        package var tryAt: Timestamp

        package var key: ResourceKey { ResourceKey(kind: .repository, namespace: namespace, name: name) }

        /// Whether sessions may be missing from the ledger.
        package var isOpen: Bool { doneAt == nil && !isAbsent }
    }

    /// How long schedules wait for their Repository's sessions. A slot that fires all the same is the session that it was before.
    package static let patience = Duration.seconds(30)
    /// How long after it was asked for a plan without a state takes its own from the sessions that were read.
    static let settling = Duration.seconds(3600)

    package var askedAt: Timestamp?
    package var readings: [ResourceKey: Reading]

    package init(askedAt: Timestamp? = nil, readings: [Reading] = []) {
        self.askedAt = askedAt
        self.readings = Dictionary(readings.map { ($0.key, $0) }) { first, _ in first }
    }

    /// Seconds until a failed reading is tried again: 5, 10, 20 … 300.
    package static func pause(after failures: Int) -> Duration { .seconds(min(5 << min(max(failures - 1, 0), 6), 300)) }

    /// Whether the plans of a Repository wait, since one that goes on may not be told yet.
    package func holds(_ repository: ResourceKey, at now: Timestamp) -> Bool {
        guard isRecent(within: Self.patience, at: now) else { return false }
        guard let reading = readings[repository] else { return true }
        return reading.isOpen
    }

    /// Whether a plan that has no state of its own was there before the ledger.
    func knows(_ repository: ResourceKey, at now: Timestamp) -> Bool {
        isRecent(within: Self.settling, at: now) && (readings[repository]?.pages ?? 0) > 0
    }

    /// A clock that was set back does not hold anything for long.
    private func isRecent(within time: Duration, at now: Timestamp) -> Bool {
        guard let askedAt else { return false }
        return now - askedAt < time && askedAt - now < time
    }
}
