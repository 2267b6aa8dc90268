import Elasticsearch
import Messages
import Runtime
import Sessions

/// Lists what a backup takes and cuts it into slices: one a shard, or one an index where the server cannot be asked for a shard.
struct BackupPlanner {
    let client: ElasticsearchClient
    let settings: WorkerSettings
    let objects: ObjectDumper

    /// - Throws: `WorkerError(.refused)` when nothing matches and `allowEmpty` is not set; `ElasticsearchError`.
    func plan(_ command: SessionCommand) throws -> PlanEntry {
        let parameters = TaskParameters(command.target.task(command.configuration?.spec.task, for: .backup))
        if let problem = parameters.problems.first {
            throw WorkerError(.refused, "task parameter \(problem.parameter): \(problem.message)")
        }
        let selection = IndexSelection(parameters)
        let found = try client.catalog(selection)
        var notes = parameters.unhonoured.map { "argument \($0) has no meaning here" }
        var indices: [PlannedIndex] = []
        var slices: [Slice] = []
        for definition in found {
            guard definition.isOpen else {
                throw WorkerError(
                    .refused,
                    "index \(definition.name) is closed and cannot be read; open it, or exclude it with indices: -\(definition.name)"
                )
            }
            if !definition.strippedSettings.isEmpty {
                notes.append("index \(definition.name): left out \(definition.strippedSettings.joined(separator: ", "))")
            }
            if !definition.isRefreshed {
                notes.append("index \(definition.name) could not be refreshed: its latest writes may be missing")
            }
            slices += try self.slices(of: definition, index: indices.count)
            indices.append(
                PlannedIndex(
                    name: definition.name, targetName: definition.name, uuid: definition.uuid, shards: definition.numberOfShards,
                    documents: definition.documents, definition: definition.json.serialized(),
                    pageLimit: definition.maxResultWindow))
        }
        guard !indices.isEmpty || parameters.allowEmpty else {
            throw WorkerError(
                .refused,
                "no index of \(command.target.key) matches \(parameters.selectionText); correct the pattern, or set allowEmpty to \"true\""
            )
        }
        slices.sort { ($0.bytes, $0.documents) > ($1.bytes, $1.documents) }
        let dump = try objects.dump(parameters, indices: found)
        var plan = PlanEntry(
            nonce: try Nonce.make(), indices: indices, slices: slices, window: settings.window, snapshot: nil, plannedAt: .now(),
            notes: notes + dump.notes)
        plan.objects = dump.manifest
        return plan
    }

    private func slices(of definition: IndexDefinition, index: Int) throws -> [Slice] {
        let shards = definition.numberOfShards
        guard shards > 1, try client.honoursShardPreference(definition.name, shards: shards, total: definition.documents) else {
            return [
                Slice(
                    index: index, shard: shards > 1 ? nil : 0, documents: definition.documents, bytes: definition.storeBytes)
            ]
        }
        return (0..<shards).map {
            Slice(index: index, shard: $0, documents: definition.documents / shards, bytes: definition.storeBytes / shards)
        }
    }
}

extension IndexSelection {
    init(_ parameters: TaskParameters) {
        // Stash's --match is matched without regard to case.
        self.init(
            include: parameters.include, exclude: parameters.exclude, match: parameters.match.map { "(?i)\($0)" },
            includesSystemIndices: parameters.includeSystem)
    }
}

extension TaskParameters {
    /// The selection as its author wrote it.
    var selectionText: String {
        var parts = include + exclude.map { "-\($0)" }
        if let match { parts.append("--match=\(match)") }
        return parts.isEmpty ? "the default selection (all but names with a leading dot)" : parts.joined(separator: ",")
    }
}
