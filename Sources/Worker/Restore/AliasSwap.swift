import Elasticsearch
import Runtime
import Sessions

/// Moves a snapshot's aliases to the indices that a restore made beside the old ones: in one request, so that no search sees both or none.
///
/// They leave the indices that are replaced: those of the original names, and those that earlier restores made beside them. Others keep them.
struct AliasSwap {
    let client: ElasticsearchClient

    /// Safe to repeat. The indices that had the aliases stay.
    func run(_ plan: PlanEntry) throws {
        let originals = plan.indices.compactMap { index in
            plan.snapshot.flatMap { SwappedName.original(of: index.targetName, snapshot: $0) }
        }
        let definitions = try plan.indices.map { (index: $0.targetName, definition: try $0.restoredDefinition) }
        let own = Set(definitions.map(\.index))
        let aliases = Set(definitions.flatMap { ($0.definition.aliases.members ?? []).map(\.name) }).sorted()
        let additions = definitions.flatMap { IndexRest.additions(of: $0.definition, to: $0.index) }
        guard !additions.isEmpty else { return }
        // An index that loses an alias between the look and the request makes the request fail as a whole: then it is looked again.
        for isLast in [false, false, true] {
            var actions: [JSONValue] = []
            for alias in aliases {
                for holder in try client.indexNames(holdingAlias: alias)
                where !own.contains(holder) && originals.contains(where: { SwappedName.isReplaced(holder, by: $0) }) {
                    actions.append(["remove": ["index": .string(holder), "alias": .string(alias)]])
                }
            }
            do throws(ElasticsearchError) {
                return try client.updateAliases(actions + additions)
            } catch {
                guard !isLast, error.code == .notFound || error.code == .indexNotFound else { throw error }
            }
        }
    }
}
