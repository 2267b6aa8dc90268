package import Messages
package import Runtime

/// What came of a hook: kept in the plan (before the work), in the abort, or in the final status (after it).
package struct HookReport: Codable, Sendable, Equatable {
    package var succeeded: Bool
    /// What was done and what came back, in a sentence; names the hook.
    package var message: String
    package var finishedAt: Timestamp

    package init(succeeded: Bool, message: String, finishedAt: Timestamp) {
        self.succeeded = succeeded
        self.message = message
        self.finishedAt = finishedAt
    }

    /// Stash's condition.
    package func condition(of slot: HookSlot) -> Condition {
        Condition(
            type: slot.condition, status: succeeded ? "True" : "False", reason: slot.reason(succeeded: succeeded),
            message: message, lastTransitionTime: finishedAt)
    }
}

extension OutcomeEntry.Abort {
    /// A hook that failed before the work.
    init(_ slot: HookSlot, _ report: HookReport) {
        self.init(condition: slot.condition, message: report.message)
    }

    /// The hook whose failure this is; nil for any other reason.
    package var failedHook: HookSlot? { HookSlot.allCases.first { $0.condition == condition } }

    /// What a status says of it.
    package func condition(at time: Timestamp) -> Condition {
        guard let failedHook else {
            return Condition(type: condition, reason: condition, message: message, lastTransitionTime: time)
        }
        return HookReport(succeeded: false, message: message, finishedAt: time).condition(of: failedHook)
    }
}

extension OutcomeEntry {
    /// The session was ended by the hook before it.
    package var isOfFailedHook: Bool {
        if case .abort(let abort) = verdict { abort.failedHook != nil } else { false }
    }
}
