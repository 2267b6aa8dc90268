import Glibc
package import Runtime

/// A named moment of a program's work at which a test may have the program killed.
///
/// `SHEAF_FAILPOINT=put.part.after` kills the process (SIGKILL) right after it put a part, `put.part.after:3` the third time. This is the one
/// list of such moments; the crash matrix (`make crash-matrix`) goes through all of them.
package struct Failpoint: Sendable, Hashable, CustomStringConvertible {
    /// What is done, as docs/protocol.md names it.
    package enum Step: String, Sendable, CaseIterable {
        // A worker's puts into the journal.
        case putBegin = "put.begin"
        case putPlan = "put.plan"
        case putView = "put.view"
        case putPart = "put.part"
        case putDone = "put.done"
        case putOutcome = "put.outcome"
        case putFinal = "put.final"
        // A worker's effects beside the journal.
        case plan = "perform.plan"
        case prepare = "perform.prepare"
        case openView = "perform.openView"
        case closeView = "perform.closeView"
        case transfer = "perform.transfer"
        case compose = "perform.compose"
        case finish = "perform.finish"
        // A worker's publishes: the session's start (status and first units), a successor, the final event, the same message to try again.
        case publishStart = "publish.start"
        case publishUnit = "publish.unit"
        case publishFinal = "publish.final"
        case publishRetry = "publish.retry"
        // A worker's acknowledgements.
        case ackSession = "ack.session"
        case ackUnit = "ack.unit"
        case ackCancel = "ack.cancel"
        case ackRetry = "ack.retry"
        case ackUnrecorded = "ack.unrecorded"
        // A Scheduler's work.
        case schedulerPublish = "scheduler.publish"
        case schedulerRecord = "scheduler.record"
        case schedulerReply = "scheduler.reply"
        case schedulerAck = "scheduler.ack"
    }

    package enum Moment: String, Sendable, CaseIterable {
        case before
        case after
    }

    package static let variable = "SHEAF_FAILPOINT"

    package let step: Step
    package let moment: Moment

    package init(_ step: Step, _ moment: Moment) {
        self.step = step
        self.moment = moment
    }

    package static var all: [Failpoint] { Step.allCases.flatMap { step in Moment.allCases.map { Failpoint(step, $0) } } }

    package var description: String { "\(step.rawValue).\(moment.rawValue)" }
}

/// The failpoint at which this process ends, if any.
package enum Failpoints {
    private struct Armed {
        let point: Failpoint
        var passes: Int
    }

    private static let armed = Lock<Armed?>(nil)

    /// Arms the failpoint of `SHEAF_FAILPOINT`, or none without it.
    ///
    /// - Parameter text: a failpoint's name, with `:n` for the n-th time it is reached.
    /// - Throws: `RuntimeError` for a name that is not in the list.
    package static func arm(_ text: String?) throws(RuntimeError) {
        guard let text, !text.isEmpty else { return }
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let point = Failpoint.all.first(where: { $0.description == parts[0] }),
            let passes = parts.count == 1 ? 1 : Int(parts[1]), passes > 0
        else {
            throw RuntimeError(
                code: .badFormat,
                message: "\(Failpoint.variable): there is no failpoint \(text); Sources/Bus/Messages/Failpoint.swift lists them"
            )
        }
        armed.withLock { $0 = Armed(point: point, passes: passes) }
    }

    /// Marks that the program stands at this moment.
    package static func reach(_ step: Failpoint.Step, _ moment: Failpoint.Moment) {
        let isDue = armed.withLock { armed -> Bool in
            guard armed?.point == Failpoint(step, moment) else { return false }
            armed?.passes -= 1
            return armed?.passes == 0
        }
        if isDue { kill(getpid(), SIGKILL) }
    }

    /// Runs the body between the step's two moments.
    package static func around<Result>(
        _ step: Failpoint.Step?, _ body: () async throws -> Result
    ) async rethrows -> Result {
        if let step { reach(step, .before) }
        let result = try await body()
        if let step { reach(step, .after) }
        return result
    }
}
