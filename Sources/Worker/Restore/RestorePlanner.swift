import Archive
import Crypto
import Elasticsearch
import Messages
import Runtime
import Sessions
import Snapshots

/// Makes the plan of a restore, unless something is in the way.
struct RestorePlanner {
    let client: ElasticsearchClient
    let store: RepositoryStore
    let settings: WorkerSettings
    let logger: Logger

    /// Bytes of documents that one slice holds at least, if its index has as many: enough to be worth a message.
    private static let smallestSlice = 64 << 20

    /// - Parameter deadline: until when the snapshot is read; it is pinned for so long.
    /// - Throws: `WorkerError(.refused)` when an index is in the way or nothing matches.
    func plan(_ command: SessionCommand, deadline: Timestamp) throws -> PlanEntry {
        guard let restore = command.restore else { throw WorkerError(.refused, "the message carries no RestoreSession") }
        try SpoolBound.check(command, segments: settings.segments)
        try confirm(restore, command)
        let survey = try RestoreSurvey(
            restore, task: command.taskReference, target: command.target,
            mark: String(command.id.text.prefix(SwappedName.markLength)), client: client, store: store)
        let draft = try RestoreDraft(
            survey, client: client, store: store,
            sliceBytes: max(Self.smallestSlice, survey.commit.summary.bytes / (4 * settings.window)))
        guard draft.problems.isEmpty else { throw WorkerError(.refused, draft.problems.joined(separator: "; ")) }
        try pin(survey.commit.summary.id, for: command, deadline: deadline)
        var plan = PlanEntry(
            nonce: try Nonce.make(), indices: draft.indices, slices: draft.slices, window: settings.window,
            snapshot: survey.commit.summary.id, plannedAt: .now(), notes: draft.notes)
        plan.allowPartial = survey.parameters.allowPartial ? true : nil
        plan.cluster = try client.capabilities().text()
        plan.maxBytesPerSecond = survey.parameters.maxBytesPerSecond
        plan.objects = survey.commit.objects
        plan.plannedObjects = draft.objects
        return plan
    }

    /// Looks once more, as a dry run does: between the confirmation and now a backup may have ended or an index have been made.
    private func confirm(_ restore: RestoreSession, _ command: SessionCommand) throws {
        guard let confirmed = command.planHash else { return }
        let survey = try RestoreSurvey(
            restore, task: command.taskReference, target: command.target, mark: RestoreDryRun.mark, client: client, store: store)
        let preview = try RestoreDraft(survey, client: client, store: store, sliceBytes: nil).preview(target: command.target)
        guard preview.problems.isEmpty, try SHA256.digest(of: try preview.essence(of: restore)).hex == confirmed else {
            throw WorkerError(
                .refused, "what the restore would do has changed since it was confirmed; plan it again and look at it")
        }
    }

    /// Where the repository can only be read, or its key was rotated and this worker has the older password, the grace of garbage collection must do.
    private func pin(_ snapshot: SnapshotID, for command: SessionCommand, deadline: Timestamp) throws {
        do {
            try Pins(store).hold(
                snapshot, name: command.id.text, for: deadline - .now(), reason: "restore \(command.namespace)/\(command.name)")
        } catch let error as ArchiveError where error.code == .accessDenied || error.code == .wrongPassword {
            logger.info(
                "a snapshot is restored without a pin, since nothing can be stored in its repository",
                metadata: [
                    "session": .string(command.id.text), "snapshot": .string(snapshot.text), "reason": .string(error.message),
                ])
        }
    }
}
