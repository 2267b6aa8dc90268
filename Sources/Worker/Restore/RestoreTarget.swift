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
    ///
    /// - Parameter checkEnded: called before each creation and after the last; throws when the session was ended meanwhile. Whoever is told
    ///   so finds the end in the journal and drops what was created too late (`Handling.Work.dropIndices`).
    func prepare(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        for (position, index) in plan.indices.enumerated() where index.stream == nil {
            try checkEnded()
            let alias = loadAlias(position)
            let creation = try client.createIndex(index.targetName, definition: try definition(of: index), loadAlias: alias)
            guard creation.outcome == .alreadyExists else { continue }
            guard try client.aliases(of: index.targetName)[alias] != nil else {
                throw WorkerError(
                    .refused,
                    "index \(index.targetName) was created by somebody else while the restore began; delete or rename it")
            }
        }
        if !plan.indices.isEmpty { try checkEnded() }
    }

    /// Takes the load aliases away first, which fences every other writer, then checks the counts and puts the settings back.
    ///
    /// Each index is settled whatever becomes of the others.
    /// - Returns: what had to be left out.
    /// - Throws: `WorkerError(.refused)` with all that went wrong, for example an index without the snapshot's number of documents.
    func settle(_ plan: PlanEntry) throws -> [String] {
        for (position, index) in plan.indices.enumerated() where index.stream == nil {
            try removeAlias(loadAlias(position), from: index.targetName)
        }
        var notes: [String] = []
        var failures: [String] = []
        for index in plan.indices where index.stream == nil {
            do {
                notes += try settle(index)
            } catch  where FailureKind(error) == .permanent {
                failures.append("\(error)")
            }
        }
        guard failures.isEmpty else { throw WorkerError(.refused, failures.joined(separator: "; ")) }
        return notes
    }

    private func settle(_ index: PlannedIndex) throws -> [String] {
        let definition = try definition(of: index)
        try client.refresh(index.targetName)
        let count = try client.count(index.targetName)
        try client.updateAliases(Self.aliasActions(definition, target: index.targetName))
        let refused = try SettingsRestorer(client: client).restore(definition.finishingSettings, of: index.targetName)
        guard count == index.documents else {
            throw WorkerError(
                .refused,
                "index \(index.targetName) has \(count) documents after the restore, the snapshot \(index.documents): "
                    + "did something else write to it?")
        }
        return refused
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
        do throws(ElasticsearchError) {
            try client.updateAliases([["remove": ["index": .string(index), "alias": .string(alias)]]])
        } catch {
            // Two slices that end together are both finished from: the other finisher was quicker, or the own reply was lost.
            guard error.code == .notFound, try client.aliases(of: index)[alias] == nil else { throw error }
        }
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
