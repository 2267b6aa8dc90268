import Messages
import Runtime

/// Plans of which a ledger that was made anew has no state yet.
struct Recall {
    private var rebuild = Rebuild()
    /// Since when plans wait for their Repository.
    private var held: [PlanName: Timestamp] = [:]

    /// - Returns: whether a Repository was read to its end, so that plans may be known for longer than before.
    mutating func take(_ rebuild: Rebuild) -> Bool {
        let (before, after) = (count(self.rebuild), count(rebuild))
        self.rebuild = rebuild
        return after > before
    }

    private func count(_ rebuild: Rebuild) -> Int { rebuild.readings.values.count { $0.doneAt != nil } }

    /// Whether nothing is to be decided about a plan yet.
    mutating func holds(_ plan: PlanName, of repository: ResourceKey, at now: Timestamp) -> Bool {
        guard rebuild.holds(repository, at: now) else { return false }
        if held[plan] == nil { held[plan] = now }
        return true
    }

    /// Where a plan's schedule is followed from.
    ///
    /// - Returns: nil: from now on.
    mutating func state(
        of plan: PlanName, _ schedule: CronSchedule, repository: ResourceKey, in ledger: Ledger, at now: Timestamp
    ) async throws -> CronSchedule.State? {
        if rebuild.knows(repository, at: now), let state = try await ledger.recalledState(of: plan, schedule: schedule) {
            held[plan] = nil
            return state
        }
        // A slot that passed while it was held is not lost.
        return held.removeValue(forKey: plan).map {
            CronSchedule.State(rule: schedule.rule, knownSince: $0, handledUntil: $0)
        }
    }
}
