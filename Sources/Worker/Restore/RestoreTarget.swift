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

    func loadAlias(_ position: Int) -> String { "sheaf-\(session)-\(position)" }

    /// Creates each index together with its load alias in one request, or gives the alias to one that is there; an index that has the
    /// alias is ours from an earlier try.
    ///
    /// - Parameter checkEnded: called before each index and after the last; throws when the session was ended meanwhile. Whoever is told
    ///   so finds the end in the journal and drops what was created too late (`Handling.Work.dropIndices`).
    func prepare(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        for (position, index) in plan.indices.enumerated() where index.stream == nil {
            try checkEnded()
            let alias = loadAlias(position)
            if index.placement == .append {
                try client.updateAliases([["add": ["index": .string(index.targetName), "alias": .string(alias)]]])
                continue
            }
            if try make(index, alias) { continue }
            guard let replaced = index.replaces, try client.currentDefinition(of: index.targetName)?.uuid == replaced else {
                throw inTheWay(index)
            }
            // The engines delete by name alone: between the look and this an index could only come from a second handling of this session.
            try client.deleteIndex(index.targetName)
            guard try make(index, alias) else { throw inTheWay(index) }
        }
        if !plan.indices.isEmpty { try checkEnded() }
    }

    /// - Returns: false when there is an index of that name that is not ours.
    private func make(_ index: PlannedIndex, _ alias: String) throws -> Bool {
        let creation = try client.createIndex(index.targetName, definition: try index.restoredDefinition, loadAlias: alias)
        return try creation.outcome == .created || client.aliases(of: index.targetName)[alias] != nil
    }

    private func inTheWay(_ index: PlannedIndex) -> WorkerError {
        WorkerError(
            .refused, "index \(index.targetName) was created by somebody else while the restore began; delete or rename it")
    }

    /// Takes the load aliases away first, which fences every other writer, then checks the counts and brings the indices to rest.
    ///
    /// Each index is settled whatever becomes of the others; aliases are swapped only when nothing went wrong.
    /// - Parameter expected: documents that each index of the plan must have got, by the journal; one that was appended to has at least
    ///   as many.
    /// - Returns: what had to be left out.
    /// - Throws: `WorkerError(.refused)` with all that went wrong, for example an index without its number of documents.
    func settle(_ plan: PlanEntry, expected: [Int]) throws -> [String] {
        var notes: [String] = []
        var failures: [String] = []
        func attempt(_ body: () throws -> Void) throws {
            do {
                try body()
            } catch  where FailureKind(error) == .permanent {
                failures.append("\(error)")
            }
        }
        var open: [(index: PlannedIndex, expected: Int, rest: IndexRest)] = []
        for (position, index) in plan.indices.enumerated() where index.stream == nil {
            try attempt {
                let rest = IndexRest(client: client, name: index.targetName, definition: try index.restoredDefinition)
                // Blocks that an earlier try set would refuse all that follows.
                if index.placement != .append { try rest.liftBlocks() }
                try removeAlias(loadAlias(position), from: index.targetName)
                open.append((index, expected[position], rest))
            }
        }
        for (index, expected, rest) in open {
            try attempt {
                try check(index, expected: expected)
                guard index.placement != .append else { return }
                if index.placement != .swapAlias { try rest.addAliases() }
                notes += try rest.missingSettings() + rest.restoreSettings()
            }
        }
        if failures.isEmpty, plan.indices.contains(where: { $0.placement == .swapAlias }) {
            try attempt { try AliasSwap(client: client).run(plan) }
        }
        for (index, _, rest) in open where index.placement != .append { try attempt { notes += try rest.setBlocks() } }
        guard failures.isEmpty else { throw WorkerError(.refused, failures.joined(separator: "; ")) }
        return notes
    }

    private func check(_ index: PlannedIndex, expected: Int) throws {
        try client.refresh(index.targetName)
        let count = try client.count(index.targetName)
        if index.placement == .append {
            guard count < expected else { return }
            throw WorkerError(
                .refused,
                "index \(index.targetName) has \(count) documents after \(expected) were appended to it: did something else delete from it?"
            )
        }
        guard count == expected else {
            throw WorkerError(
                .refused,
                "index \(index.targetName) has \(count) documents after the restore, the snapshot \(expected): "
                    + "did something else write to it?")
        }
    }

    /// Deletes what this restore alone made: the indices that still have its load alias. One that was appended to only loses the alias.
    func drop(_ plan: PlanEntry) throws {
        for (position, index) in plan.indices.enumerated() where index.stream == nil {
            for name in try client.indexNames(holdingAlias: loadAlias(position)) {
                if index.placement == .append {
                    try removeAlias(loadAlias(position), from: name)
                } else {
                    try client.deleteIndex(name)
                }
            }
        }
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
