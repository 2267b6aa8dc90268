import Elasticsearch
import Messages
import Runtime
import Sessions

/// The indices that a restore makes: created behind a load alias that says whose they are, settled or dropped at the end.
struct RestoreTarget {
    let client: ElasticsearchClient
    let session: SessionID

    func loadAlias(_ position: Int) -> String { "sheaf-\(session)-\(position)" }

    /// Creates each index together with its load alias in one request; an index that has the alias is ours from an earlier try.
    func prepare(_ plan: PlanEntry) throws {
        for (position, index) in plan.indices.enumerated() {
            let alias = loadAlias(position)
            let creation = try client.createIndex(index.targetName, definition: try definition(of: index), loadAlias: alias)
            guard creation.outcome == .alreadyExists else { continue }
            guard try client.aliases(of: index.targetName)[alias] != nil else {
                throw WorkerError(
                    .refused,
                    "index \(index.targetName) was created by somebody else while the restore began; delete or rename it")
            }
        }
    }

    /// Takes the load aliases away first, which fences every other writer, then checks the counts and puts the settings back.
    ///
    /// - Returns: documents of each index.
    /// - Throws: `WorkerError(.refused)` when an index has not the snapshot's number of documents.
    func settle(_ plan: PlanEntry) throws {
        for (position, index) in plan.indices.enumerated() { try removeAlias(loadAlias(position), from: index.targetName) }
        for index in plan.indices {
            let definition = try definition(of: index)
            try client.refresh(index.targetName)
            let count = try client.count(index.targetName)
            guard count == index.documents else {
                throw WorkerError(
                    .refused,
                    "index \(index.targetName) has \(count) documents after the restore, the snapshot \(index.documents): "
                        + "did something else write to it?")
            }
            try client.updateAliases(Self.aliasActions(definition, target: index.targetName))
            try client.updateSettings(index.targetName, definition.finishingSettings)
        }
    }

    /// Deletes what this restore alone made: the indices that still have its load alias.
    func drop(_ plan: PlanEntry) throws {
        for position in plan.indices.indices {
            for name in try client.indexNames(holdingAlias: loadAlias(position)) { try client.deleteIndex(name) }
        }
    }

    private func removeAlias(_ alias: String, from index: String) throws {
        // A finisher that was killed may have done it already.
        guard try client.aliases(of: index)[alias] != nil else { return }
        try client.updateAliases([["remove": ["index": .string(index), "alias": .string(alias)]]])
    }

    private func definition(of index: PlannedIndex) throws -> IndexDefinition {
        guard let definition = IndexDefinition(json: try JSONValue(parsing: Array(index.definition.utf8))) else {
            throw WorkerError(.refused, "the snapshot's definition of index \(index.name) lacks settings, mappings or aliases")
        }
        return definition
    }

    private static func aliasActions(_ definition: IndexDefinition, target: String) -> [JSONValue] {
        (definition.aliases.members ?? []).map { alias in
            var action = alias.value
            action["index"] = .string(target)
            action["alias"] = .string(alias.name)
            return ["add": action]
        }
    }
}
