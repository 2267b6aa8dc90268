import Messages
import Runtime

/// A batch's session as Stash's object: one BackupSession, or the status of a RestoreBatch, with a target for each member.
struct BatchObject {
    let batch: BatchSession
    /// The batch as one session.
    let whole: SessionObject
    let members: [SessionObject]

    /// Nil where nothing but stray progress is known of it.
    init?(_ batch: BatchSession, members: [SessionObject]) {
        guard let session = batch.session, let whole = SessionObject(session, indices: [], command: nil) else { return nil }
        (self.batch, self.whole, self.members) = (batch, whole, members)
    }

    var backupSession: JSONValue {
        var status = whole.commonStatus
        // Why members failed stands with them.
        if batch.phase != .skipped { status["conditions"] = nil }
        status["nextRetry"] = whole.session.nextRetry.map { .string("\($0)") }
        if whole.session.retriedAs != nil { status["retried"] = true }
        status["targets"] = .array(members.map(\.backupTarget))
        return whole.backupSession(status: status, labels: [])
    }

    /// Stash's status of a RestoreBatch.
    var restoreStatus: JSONValue {
        var status = whole.commonStatus
        status["conditions"] = nil
        status["members"] = .array(members.map(\.restoreMember))
        return status
    }
}
