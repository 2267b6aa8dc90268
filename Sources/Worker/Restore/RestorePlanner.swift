import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions

/// Makes the plan of a restore, unless something is in the way.
struct RestorePlanner {
    let client: ElasticsearchClient
    let store: any ObjectStore
    let settings: WorkerSettings

    /// Bytes of documents that one slice holds at least, if its index has as many: enough to be worth a message.
    private static let smallestSlice = 64 << 20

    /// - Throws: `WorkerError(.refused)` when an index is in the way or nothing matches.
    func plan(_ command: SessionCommand) throws -> PlanEntry {
        guard let restore = command.restore else { throw WorkerError(.refused, "the message carries no RestoreSession") }
        let survey = try RestoreSurvey(
            restore, target: command.target, mark: String(command.id.text.prefix(SwappedName.markLength)), client: client,
            store: store)
        let draft = try RestoreDraft(
            survey, client: client, store: store,
            sliceBytes: max(Self.smallestSlice, survey.commit.summary.bytes / (4 * settings.window)))
        guard draft.problems.isEmpty else { throw WorkerError(.refused, draft.problems.joined(separator: "; ")) }
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
}
