import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions

/// All that a restore decides before it writes: indices and data streams under their new names, objects, and what is in the way. A plan is made
/// of it, or the answer to a dry run.
struct RestoreDraft {
    let survey: RestoreSurvey
    private(set) var indices: [PlannedIndex] = []
    private(set) var slices: [Slice] = []
    let objects: [PlannedObject]
    let notes: [String]
    let problems: [String]

    /// - Parameter sliceBytes: bytes of documents that one slice holds at least, if its index has as many; nil: no slices are wanted.
    init(_ survey: RestoreSurvey, client: ElasticsearchClient, store: RepositoryStore, sliceBytes: Int?) throws {
        self.survey = survey
        for index in survey.layout.indices where index.action != .skip {
            if let sliceBytes {
                slices += Self.slices(
                    of: try survey.segments(of: index.source, in: store), index: indices.count, atLeast: sliceBytes)
            }
            indices.append(try Self.planned(index, survey, client))
        }
        let parameters = survey.parameters
        let rename = parameters.restore.rename
        let streams = try StreamPlanner(
            client: client, streams: try survey.objects.streams, rename: { try rename.apply(to: $0) },
            conflict: parameters.restore.conflict,
            isLeftOut: { parameters.objects?.excludes(.dataStreams, named: $0) == true }
        ).place(&indices, &slices)
        let planned = try ObjectPlanner.plan(survey.objects, parameters: parameters, streams: streams.streams, client: client)
        objects = planned.objects
        notes = survey.notes + streams.notes + planned.notes
        problems = survey.problems + streams.problems + planned.problems
    }

    private static func planned(
        _ index: RestoreLayout.Index, _ survey: RestoreSurvey, _ client: ElasticsearchClient
    ) throws -> PlannedIndex {
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

    private static func slices(of segments: [SegmentReference], index: Int, atLeast bytes: Int) -> [Slice] {
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

extension RestoreDraft {
    /// The answer to a dry run.
    func preview(target: AppBinding) -> RestorePreview {
        RestorePreview(
            snapshot: survey.commit.summary.id, target: "\(target.metadata.namespace)/\(target.metadata.name)",
            indices: survey.layout.indices.map(preview), objects: objects.map(preview), notes: notes, problems: problems,
            cluster: target.clusterURL)
    }

    private func preview(_ index: RestoreLayout.Index) -> RestorePreview.Index {
        let planned = indices.first { $0.name == index.name }
        return RestorePreview.Index(
            name: index.name, targetName: planned?.targetName ?? index.targetName, dataStream: index.dataStream,
            documents: survey.headers[index.source].documents, bytes: survey.headers[index.source].plainBytes,
            action: Self.action(index, planned: planned, objects).rawValue, strippedSettings: index.strippedSettings.sorted(),
            aliases: (index.definition.aliases.members ?? []).map(\.name).sorted())
    }

    /// An index of a data stream shares what becomes of the stream.
    static func action(
        _ index: RestoreLayout.Index, planned: PlannedIndex?, _ objects: [PlannedObject]
    ) -> RestoreLayout.Action {
        guard let stream = index.dataStream else { return index.action }
        guard planned != nil else { return .skip }
        let isOverwritten = objects.contains {
            $0.kind == .dataStreams && $0.targetName == stream && $0.action == .overwrite
        }
        return isOverwritten ? .overwrite : .create
    }

    private func preview(_ object: PlannedObject) -> RestorePreview.Object {
        RestorePreview.Object(kind: object.kind, name: object.targetName, action: object.action.rawValue)
    }
}
