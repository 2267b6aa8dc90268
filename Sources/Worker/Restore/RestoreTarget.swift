import Elasticsearch
import Messages
import Runtime
import Sessions

/// The indices that a restore writes: made or found behind a load alias that says whose they are, settled or dropped at the end. Those that
/// are filled through a data stream are `StreamRestorer`'s.
///
/// Every method may be repeated after any of its requests: what stands in the target tells how far an earlier try came.
struct RestoreTarget {
    let client: ElasticsearchClient
    let session: SessionID

    var template: SessionTemplate { SessionTemplate(client: client, session: session) }

    func loadAlias(_ position: Int) -> String { LoadAlias.name(session, position) }

    /// Both steps, where nothing is to be done between them.
    func prepare(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        try make(plan, try rehearse(plan, checkEnded: checkEnded), checkEnded: checkEnded)
    }

    /// Keeps the target's index templates from the indices to come, and makes each index that is to take another's place once under a trial
    /// name. Deletes nothing but the trials.
    ///
    /// - Throws: what the server has against such an index, while the one that is there still stands.
    func rehearse(_ plan: PlanEntry, checkEnded: () throws -> Void) throws -> SessionTemplate.Effect {
        let template = template
        guard !template.names(plan).isEmpty else { return .unwanted }
        try checkEnded()
        let effect = try template.put(plan)
        for (position, index) in plan.indices.enumerated() {
            guard try stillReplaces(index) else { continue }
            try checkEnded()
            if case .shared(let reason) = effect { try refuseTemplates(over: index, since: reason) }
            let trial = template.trialName(position)
            let definition = try index.restoredDefinition
            do throws(ElasticsearchError) {
                _ = try client.createIndex(trial, definition: definition, loadAlias: nil)
            } catch {
                guard FailureKind(error) == .permanent else { throw error }
                throw WorkerError(
                    .refused, "index \(index.targetName) was not overwritten, since it could not be made anew: \(error)")
            }
            try client.deleteIndex(trial)
        }
        return effect
    }

    private func stillReplaces(_ index: PlannedIndex) throws -> Bool {
        guard let replaced = index.replaces else { return false }
        return try client.currentDefinition(of: index.targetName)?.uuid == replaced
    }

    /// A trial has another name, so it would not show what they do.
    private func refuseTemplates(over index: PlannedIndex, since reason: String) throws {
        let templates = try client.templates(covering: index.targetName)
        guard templates?.isEmpty != true else { return }
        throw WorkerError(
            .refused,
            "index \(index.targetName) was not overwritten, since the target's index templates may change what would be made in its place ("
                + "\(templates?.joined(separator: ", ") ?? "this user may not read them")) and cannot be kept from it: \(reason)")
    }

    /// Creates each index together with its load alias in one request, or gives the alias to one that is there; an index that has the
    /// alias is ours from an earlier try.
    ///
    /// - Parameters:
    ///   - effect: of the session's template.
    ///   - checkEnded: called before each index and after the last; throws when the session was ended meanwhile. Whoever is told so finds
    ///     the end in the journal and drops what was created too late (`Handling.Work.dropIndices`).
    func make(_ plan: PlanEntry, _ effect: SessionTemplate.Effect, checkEnded: () throws -> Void) throws {
        for (position, index) in plan.indices.enumerated() where index.stream == nil {
            try checkEnded()
            let alias = loadAlias(position)
            if index.placement == .append {
                try client.updateAliases([["add": ["index": .string(index.targetName), "alias": .string(alias)]]])
                continue
            }
            do {
                try make(index, alias, effect)
            } catch  where FailureKind(error) == .permanent {
                guard index.replaces != nil else { throw error }
                if try stillReplaces(index) { throw error }
                throw WorkerError(
                    .refused,
                    "\(error); the former index \(index.targetName) has been deleted to be overwritten: restore the snapshot again"
                )
            }
        }
        if !plan.indices.isEmpty { try checkEnded() }
    }

    private func make(_ index: PlannedIndex, _ alias: String, _ effect: SessionTemplate.Effect) throws {
        if try !isMade(index, alias) {
            guard try stillReplaces(index) else { throw inTheWay(index) }
            // The engines delete by name alone: between the look and this an index could only come from a second handling of this session.
            try client.deleteIndex(index.targetName)
            guard try isMade(index, alias) else { throw inTheWay(index) }
        }
        if case .shared(let reason) = effect { try refuseUnasked(of: index, alias, since: reason) }
    }

    /// - Returns: false when there is an index of that name that is not ours.
    private func isMade(_ index: PlannedIndex, _ alias: String) throws -> Bool {
        let creation = try client.createIndex(index.targetName, definition: try index.restoredDefinition, loadAlias: alias)
        return try creation.outcome == .created || client.aliases(of: index.targetName)[alias] != nil
    }

    /// - Throws: when the index is not what the snapshot has; it has no document yet, and is deleted again.
    private func refuseUnasked(of index: PlannedIndex, _ alias: String, since reason: String) throws {
        guard let made = try client.currentDefinition(of: index.targetName) else { return }
        let unasked = try index.restoredDefinition.unasked(in: made, loadAlias: alias)
        guard !unasked.isEmpty else { return }
        let templates = try client.templates(covering: index.targetName) ?? []
        try client.deleteIndex(index.targetName)
        throw WorkerError(
            .refused,
            "index \(index.targetName) would not be what the snapshot has, but also get \(unasked.joined(separator: ", ")) from the "
                + "target's index templates (\(templates.isEmpty ? "which this user may not read" : templates.joined(separator: ", "))); "
                + "restore under a name that they do not cover (renamePattern, prefix, suffix), or let the restore put its own: \(reason)"
        )
    }

    private func inTheWay(_ index: PlannedIndex) -> WorkerError {
        WorkerError(
            .refused, "index \(index.targetName) was created by somebody else while the restore began; delete or rename it")
    }

    /// Deletes what this restore alone made: the indices that still have its load alias, and the name that the plan gave them. One that was
    /// appended to only loses the alias.
    ///
    /// The alias alone proves nothing: a backup may have saved it, and a later restore given it to another index.
    func drop(_ plan: PlanEntry) throws {
        for (position, index) in plan.indices.enumerated() where index.stream == nil {
            guard try client.indexNames(holdingAlias: loadAlias(position)).contains(index.targetName) else { continue }
            if index.placement == .append {
                try removeAlias(loadAlias(position), from: index.targetName)
            } else {
                try client.deleteIndex(index.targetName)
            }
        }
        try template.remove(plan)
    }

    func removeAlias(_ alias: String, from index: String) throws {
        // A finisher that was killed may have done it already.
        guard try client.aliases(of: index)[alias] != nil else { return }
        do throws(ElasticsearchError) {
            try client.updateAliases([["remove": ["index": .string(index), "alias": .string(alias)]]])
        } catch {
            // Two slices that end together are both finished from: the other finisher was quicker, or the own reply was lost.
            guard error.code == .notFound, try client.aliases(of: index)[alias] == nil else { throw error }
        }
    }
}

extension PlannedIndex {
    /// As the plan has it: overrides, new names and left out settings are in it.
    var restoredDefinition: IndexDefinition {
        get throws {
            guard let definition = IndexDefinition(json: try JSONValue(parsing: Array(definition.utf8))) else {
                throw WorkerError(.refused, "the snapshot's definition of index \(name) lacks settings, mappings or aliases")
            }
            return definition
        }
    }
}
