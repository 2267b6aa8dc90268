package import Messages
package import Runtime

/// What came of a hook or of a Task's step: kept in the plan (before the work), in the abort, or in the final status (after it).
package struct HookReport: Codable, Sendable, Equatable {
    package var succeeded: Bool
    /// What was done and what came back, in a sentence; names the hook or the step.
    package var message: String
    package var finishedAt: Timestamp

    package init(succeeded: Bool, message: String, finishedAt: Timestamp) {
        self.succeeded = succeeded
        self.message = message
        self.finishedAt = finishedAt
    }

    /// Stash's condition of a hook.
    package func condition(of slot: HookSlot) -> Condition {
        condition(slot.condition, reason: slot.reason(succeeded: succeeded))
    }

    package var conditionOfStep: Condition {
        condition(SessionAction.stepCondition, reason: SessionAction.stepReason(succeeded: succeeded))
    }

    package func condition(of action: SessionAction) -> Condition {
        condition(action.condition, reason: action.reason(succeeded: succeeded))
    }

    private func condition(_ type: String, reason: String) -> Condition {
        Condition(
            type: type, status: succeeded ? "True" : "False", reason: reason, message: message, lastTransitionTime: finishedAt)
    }
}

extension OutcomeEntry.Abort {
    /// A hook or a step that failed before the work.
    init(_ action: SessionAction, _ report: HookReport) {
        self.init(condition: action.condition, message: report.message)
    }

    /// The hook whose failure this is; nil for any other reason.
    package var failedHook: HookSlot? { HookSlot.allCases.first { $0.condition == condition } }

    /// A step before the work failed.
    package var isOfFailedStep: Bool { condition == SessionAction.stepCondition }

    /// What a status says of it.
    package func condition(at time: Timestamp) -> Condition {
        let report = HookReport(succeeded: false, message: message, finishedAt: time)
        if let failedHook { return report.condition(of: failedHook) }
        if isOfFailedStep { return report.conditionOfStep }
        return Condition(type: condition, reason: condition, message: message, lastTransitionTime: time)
    }
}

extension OutcomeEntry {
    /// The session was ended by the hook before it.
    package var isOfFailedHook: Bool {
        if case .abort(let abort) = verdict { abort.failedHook != nil } else { false }
    }
}
