import Elasticsearch
import Messages
import Runtime
import Sessions

extension RestoreTarget {
    /// Takes the load aliases away first, which fences every other writer, then checks the counts and brings the indices to rest.
    ///
    /// Each index is settled whatever becomes of the others, and gets its settings and aliases back whatever it counts: what stays must be
    /// of use. Aliases are swapped only when nothing went wrong.
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
        try attempt { try template.remove(plan) }
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
        for (index, expected, _) in open { try attempt { try check(index, expected: expected) } }
        for (index, _, rest) in open where index.placement != .append {
            try attempt { if index.placement != .swapAlias { try rest.addAliases() } }
            try attempt { notes += try rest.missingSettings() + rest.restoreSettings() }
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
            let aliases = index.placement == .swapAlias ? "settings, and the aliases were not moved" : "settings and aliases"
            throw WorkerError(
                .refused,
                "index \(index.targetName) has \(count) documents after the restore, the snapshot \(expected): "
                    + "did something else write to it? It stays as it is, with the snapshot's \(aliases)")
        }
    }
}
