import Elasticsearch
import Messages
import Runtime
import Sessions

/// Lists what a backup takes and cuts it into slices: one a shard, or one an index where the server cannot be asked for a shard.
struct BackupPlanner {
    let client: ElasticsearchClient
    let settings: WorkerSettings
    let objects: ObjectDumper

    /// - Throws: `WorkerError(.refused)` when nothing matches and `allowEmpty` is not set, or an index cannot be read and
    ///   `allowPartial` is not set; `ElasticsearchError`.
    func plan(_ command: SessionCommand) throws -> PlanEntry {
        try SpoolBound.check(command, segments: settings.segments)
        let parameters = TaskParameters(command.taskReference)
        if let problem = parameters.problems.first {
            throw WorkerError(.refused, "task parameter \(problem.parameter): \(problem.message)")
        }
        let capabilities = try client.capabilities()
        let query = parameters.query?.serialized()
        var notes = parameters.remarks(for: .backup).map(\.sentence)
        var indices: [PlannedIndex] = []
        var slices: [Slice] = []
        let found = try client.catalog(IndexSelection(parameters), query: query)
        for definition in found {
            let survey = IndexSurvey(definition, capabilities: capabilities)
            var index = PlannedIndex(definition.withoutLoadAliases)
            index.withheld = try survey.withheld(parameters)
            if survey.isWithheldOnRequest(parameters) { index.withheldOnRequest = true }
            notes += survey.notes
            if let reason = index.withheld {
                notes.append("index \(definition.name): its definition alone is saved, since \(reason)")
                index.documents = 0
            } else {
                slices += try self.slices(of: definition, index: indices.count, query: query)
            }
            indices.append(index)
        }
        notes += try check(parameters, found, command)
        guard !indices.isEmpty || parameters.allowEmpty else {
            throw WorkerError(
                .refused,
                "no index of \(command.target.key) matches \(parameters.selectionText); correct the pattern, or set allowEmpty to \"true\""
            )
        }
        slices.sort { ($0.bytes, $0.documents) > ($1.bytes, $1.documents) }
        let dump = try objects.dump(parameters, indices: found)
        var plan = PlanEntry(
            nonce: try Nonce.make(), indices: indices, slices: slices,
            window: window(for: slices, of: indices, limit: capabilities.openViewLimit), snapshot: nil, plannedAt: .now(),
            notes: notes + dump.notes)
        plan.allowPartial = parameters.allowPartial
        plan.cluster = try capabilities.text()
        plan.query = query
        plan.maxBytesPerSecond = parameters.maxBytesPerSecond
        plan.objects = dump.manifest
        return plan
    }

    /// An index that is asked for by its name must be there: a name that is misspelled, or an alias, would be no backup for ever.
    ///
    /// - Returns: a note for each pattern that matches nothing, and with `allowEmpty` for each name.
    private func check(_ parameters: TaskParameters, _ found: [IndexDefinition], _ command: SessionCommand) throws -> [String] {
        var notes: [String] = []
        for pattern in parameters.include where !found.contains(where: { $0.isMeant(by: pattern) }) {
            guard !pattern.contains("*"), !parameters.allowEmpty else {
                notes.append("no index of \(command.target.key) matches \(pattern)")
                continue
            }
            let holders = try client.indexNames(holdingAlias: pattern)
            let cause =
                holders.isEmpty
                ? "there is no index \(pattern) in \(command.target.key), or another parameter leaves it out"
                : "\(pattern) is an alias of \(holders.joined(separator: ", ")), and indices are saved by their own names"
            throw WorkerError(.refused, "\(cause); correct the parameter indices, or set allowEmpty to \"true\"")
        }
        return notes
    }

    private func slices(of definition: IndexDefinition, index: Int, query: String?) throws -> [Slice] {
        let shards = definition.numberOfShards
        let isSharded = try client.honoursShardPreference(
            definition.name, shards: shards, total: definition.documents, query: query)
        guard shards > 1, isSharded else {
            return [
                Slice(index: index, shard: shards > 1 ? nil : 0, documents: definition.documents, bytes: definition.storeBytes)
            ]
        }
        return (0..<shards).map {
            Slice(index: index, shard: $0, documents: definition.documents / shards, bytes: definition.storeBytes / shards)
        }
    }

    /// Half of the views that one node allows, since others need some too. A view of a whole index is one in each of its shards.
    private func window(for slices: [Slice], of indices: [PlannedIndex], limit: Int?) -> Int {
        guard let limit else { return settings.window }
        let widest = slices.map { $0.shard == nil ? indices[$0.index].shards : 1 }.max() ?? 1
        return max(1, min(settings.window, limit / 2 / widest))
    }
}

extension PlannedIndex {
    fileprivate init(_ definition: IndexDefinition) {
        self.init(
            name: definition.name, targetName: definition.name, uuid: definition.uuid, shards: definition.numberOfShards,
            documents: definition.documents, definition: definition.json.serialized(), pageLimit: definition.maxResultWindow)
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

extension IndexDefinition {
    fileprivate func isMeant(by pattern: String) -> Bool {
        NamePattern.matches(pattern, name) || dataStream.map { NamePattern.matches(pattern, $0) } == true
    }
}
