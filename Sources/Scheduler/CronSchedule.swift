package import Runtime

/// What one BackupConfiguration's schedule asks for, as a pure value: state and time in, actions out.
///
/// A slot is a moment at which the schedule fires. Firing twice does no harm, since the slot names the session; so the
/// caller publishes first and saves the state after.
package struct CronSchedule: Hashable, Sendable {
    package let expression: CronExpression
    package let zone: TimeZoneRules
    /// From a slot to its run, always the same (`Jitter`). The slot stays what names the session.
    package let delay: Duration

    /// What must outlive a restart.
    package struct State: Hashable, Sendable {
        /// The schedule and zone that `handledUntil` was counted with: another one starts afresh.
        package var rule: String
        /// The moment the configuration was first seen, kept when its schedule changes.
        package var knownSince: Timestamp
        /// Every slot up to this moment is dealt with: fired, caught up by a later one, or passed in a pause.
        package var handledUntil: Timestamp
        /// The last slot that was fired, nil before the first.
        package var lastSlot: Timestamp?
        package var isPaused: Bool

        package init(
            rule: String, knownSince: Timestamp, handledUntil: Timestamp, lastSlot: Timestamp? = nil, isPaused: Bool = false
        ) {
            self.rule = rule
            self.knownSince = knownSince
            self.handledUntil = handledUntil
            self.lastSlot = lastSlot
            self.isPaused = isPaused
        }
    }

    package enum Action: Hashable, Sendable {
        /// Start a session for `slot`; `missed` earlier slots are covered by it (catch-up `latest`), counted up to 1,000.
        case fire(slot: Timestamp, missed: Int)
    }

    /// The clock may step back by this much (a correction by NTP) without the schedule starting afresh.
    package static let clockTolerance: Duration = .seconds(3_600)
    private static let countedMisses = 1_000

    package init(expression: CronExpression, zone: TimeZoneRules, delay: Duration = .zero) {
        self.expression = expression
        self.zone = zone
        self.delay = delay
    }

    /// - Parameter rule: as in `State`.
    /// - Throws: `.invalidSchedule`, `.invalidTimeZone`.
    init(rule: String) throws {
        // No zone's name has a space.
        let parts = rule.split(separator: " ")
        self.init(
            expression: try CronExpression(parts.dropLast().joined(separator: " ")),
            zone: try TimeZoneRules(identifier: String(parts.last ?? "")))
    }

    /// Schedule and zone in one text, as `State` keeps it.
    package var rule: String { "\(expression.text) \(zone.identifier)" }

    /// Brings `state` to `now` and tells what to do.
    ///
    /// A new or changed schedule starts at `now`: it does not make up for slots from before it was known. Slots that pass
    /// in a pause are not made up for either. A state from the future, left by a clock that was wrong, starts afresh.
    package func advance(_ state: State?, to now: Timestamp, isPaused: Bool) -> (state: State, actions: [Action]) {
        // A state that starts at `now` is ahead of the slots that are due by the delay.
        guard var state, state.rule == rule, state.handledUntil <= now + Self.clockTolerance else {
            let fresh = State(
                rule: rule, knownSince: min(state?.knownSince ?? now, now), handledUntil: now, lastSlot: state?.lastSlot,
                isPaused: isPaused)
            return (fresh, [])
        }
        let start = state.handledUntil
        let horizon = now - delay
        state.isPaused = isPaused
        state.handledUntil = max(start, horizon)
        guard !isPaused, let slot = latestSlot(after: start, until: horizon) else { return (state, []) }
        state.lastSlot = slot
        return (state, [.fire(slot: slot, missed: missedSlots(after: start, before: slot))])
    }

    /// When `advance` next has something to do for a state that it returned: the run of the next slot that is not dealt with, nil for never.
    package func nextRun(after state: State) -> Timestamp? { nextSlot(after: state.handledUntil).map { $0 + delay } }

    /// The next slot after `time`, nil when the schedule never fires.
    package func nextSlot(after time: Timestamp) -> Timestamp? { expression.next(after: time, in: zone) }

    /// The longest time between two slots from `time` on, within a look of thirteen slots and eight days at least.
    ///
    /// Alerts measure the age of the last success against this: a schedule for weekdays is not overdue on Sunday.
    package func longestInterval(from time: Timestamp) -> Duration? {
        guard var slot = nextSlot(after: time) else { return nil }
        let horizon = slot + .seconds(8 * 86_400)
        var longest: Duration = .zero
        var count = 1
        while count < 13 || slot < horizon {
            guard let following = nextSlot(after: slot) else { break }
            longest = max(longest, following - slot)
            slot = following
            count += 1
        }
        return longest > .zero ? longest : nil
    }

    /// The last slot in the time after `start` until `end`, found from the end so that a year of minutes costs little.
    private func latestSlot(after start: Timestamp, until end: Timestamp) -> Timestamp? {
        for hours in [1, 24, 32 * 24, 366 * 24, Int.max] {
            let from = hours == .max ? start : max(start, end - .seconds(3_600 * hours))
            var latest: Timestamp?
            var cursor = from
            while let slot = nextSlot(after: cursor), slot <= end {
                latest = slot
                cursor = slot
            }
            if latest != nil || from == start { return latest }
        }
        return nil
    }

    private func missedSlots(after start: Timestamp, before slot: Timestamp) -> Int {
        var missed = 0
        var cursor = start
        while missed < Self.countedMisses, let earlier = nextSlot(after: cursor), earlier < slot {
            missed += 1
            cursor = earlier
        }
        return missed
    }
}
