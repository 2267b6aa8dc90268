import Elasticsearch
import Messages
import Runtime

extension RestoreLayout {
    /// Finds the aliases that the target will not take, and in a swap leaves them out.
    mutating func decideAliases(_ target: TargetNames, _ policy: ConflictPolicy) {
        let planned = Set(indices.filter { $0.action != .skip }.map(\.targetName))
        for position in indices.indices {
            for alias in indices[position].definition.aliases.members ?? [] {
                if let problem = IndexName.aliasProblem(alias.name) {
                    problems.append(
                        "an alias of index \(indices[position].name) cannot be named \"\(alias.name)\": a name that \(problem) is not allowed"
                    )
                    continue
                }
                guard let occupant = indexOrStream(alias.name, planned, target) else { continue }
                if policy == .swapAlias, !planned.contains(alias.name) {
                    indices[position].definition.aliases[alias.name] = nil
                    notes.append(
                        "alias \(alias.name) of index \(indices[position].name) cannot be made, since \(occupant) has the name")
                } else {
                    problems.append(
                        "alias \(alias.name) of index \(indices[position].name) cannot be made, since \(occupant) has the name; rename it "
                            + "(renameAliasPattern), or leave aliases out (includeAliases)")
                }
            }
        }
        for alias in Set(indices.flatMap { aliasNames($0) }).sorted() { checkWriteIndex(alias, target, policy) }
        if policy == .swapAlias {
            for index in indices where index.action == .swapAlias && aliasNames(index).isEmpty {
                notes.append("index \(index.name) has no alias to move: it is found as \(index.targetName) alone")
            }
        }
    }

    private func aliasNames(_ index: Index) -> [String] { (index.definition.aliases.members ?? []).map(\.name) }

    private func indexOrStream(_ alias: String, _ planned: Set<String>, _ target: TargetNames) -> String? {
        if planned.contains(alias) { return "an index of this restore" }
        switch target.occupant(of: alias) {
        case .index: return "an index"
        case .other: return "a data stream, or an index that this user may not see,"
        case .alias, nil: return nil
        }
    }

    /// An alias has one index that is written to at most; the engines refuse a second, and writes where none is named among several.
    private mutating func checkWriteIndex(_ alias: String, _ target: TargetNames, _ policy: ConflictPolicy) {
        let members = indices.filter { aliasNames($0).contains(alias) }
        let writers = members.filter { $0.definition.aliases[path: [alias, "is_write_index"]]?.bool == true }
        if writers.count > 1 {
            problems.append(
                "alias \(alias) would be written through to \(writers.map(\.targetName).joined(separator: " and ")); rename one of them "
                    + "(renameAliasPattern)")
        }
        let replacing = indices.filter { $0.action == .overwrite || $0.action == .swapAlias }
        let others = target.holders(of: alias).filter { holder in
            !replacing.contains {
                $0.action == .overwrite ? holder.index == $0.targetName : SwappedName.isReplaced(holder.index, by: $0.original)
            }
        }
        if policy == .swapAlias, !others.isEmpty {
            notes.append(
                "alias \(alias) stays on \(others.map(\.index).joined(separator: ", ")) too, which this restore does not replace")
        }
        let otherWriter = others.first { $0.alias["is_write_index"]?.bool == true }
        if let writer = writers.first, let otherWriter {
            problems.append(
                "alias \(alias) is written through to \(otherWriter.index), and index \(writer.name) would take its place; rename the "
                    + "alias (renameAliasPattern), or leave aliases out (includeAliases)")
        }
        if policy != .swapAlias, writers.isEmpty, otherWriter == nil, others.count == 1 {
            notes.append(
                "alias \(alias) also points at \(others[0].index): writes through it need a write index from then on")
        }
    }
}
