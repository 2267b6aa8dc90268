import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions

/// Makes the plan of a restore: what a survey found, unless something is in the way, cut into runs of segments.
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
            restore, target: command.target, mark: String(command.id.text.prefix(8)), client: client, store: store)
        guard survey.problems.isEmpty else { throw WorkerError(.refused, survey.problems.joined(separator: "; ")) }
        var indices: [PlannedIndex] = []
        var slices: [Slice] = []
        let sliceBytes = max(Self.smallestSlice, survey.commit.summary.bytes / (4 * settings.window))
        for index in survey.layout.indices where index.action != .skip {
            slices += self.slices(
                of: try survey.segments(of: index.source, in: store), index: indices.count, atLeast: sliceBytes)
            indices.append(try planned(index, survey))
        }
        slices.sort { ($0.bytes, $0.documents) > ($1.bytes, $1.documents) }
        var plan = PlanEntry(
            nonce: try Nonce.make(), indices: indices, slices: slices, window: settings.window,
            snapshot: survey.commit.summary.id, plannedAt: .now(), notes: survey.notes)
        plan.allowPartial = survey.parameters.allowPartial ? true : nil
        plan.maxBytesPerSecond = survey.parameters.maxBytesPerSecond
        return plan
    }

    private func planned(_ index: RestoreLayout.Index, _ survey: RestoreSurvey) throws -> PlannedIndex {
        let header = survey.headers[index.source]
        var planned = PlannedIndex(
            name: index.name, targetName: index.targetName, uuid: header.uuid, shards: header.shards,
            documents: header.documents, definition: index.definition.json.serialized(), manifest: survey.manifests[index.source])
        switch index.action {
        case .append: planned.placement = .append
        case .overwrite:
            planned.placement = .overwrite
            // Of what is deleted: nothing else that has the name by then may be.
            planned.replaces = try client.currentDefinition(of: index.targetName)?.uuid
        case .swapAlias: planned.placement = .swapAlias
        case .create, .skip, .conflict: break
        }
        return planned
    }

    private func slices(of segments: [SegmentReference], index: Int, atLeast bytes: Int) -> [Slice] {
        var slices: [Slice] = []
        var first = 0
        var run = (documents: 0, bytes: 0)
        for (ordinal, segment) in segments.enumerated() {
            run = (run.documents + segment.documents, run.bytes + segment.plainBytes)
            if run.bytes >= bytes || ordinal == segments.count - 1 {
                slices.append(Slice(index: index, segments: first..<(ordinal + 1), documents: run.documents, bytes: run.bytes))
                first = ordinal + 1
                run = (0, 0)
            }
        }
        return slices
    }
}
