import Runtime

extension IndexDefinition {
    /// What an index that was just made has beyond what it was made with: the target's index templates gave it.
    ///
    /// Settings that every server adds by itself are none. Values that were asked for win over templates, so only names are compared.
    /// - Parameter loadAlias: the one alias that was asked for.
    /// - Returns: `setting index.blocks.write`, `mapping _source.enabled`, `alias all`, …
    package func unasked(in made: IndexDefinition, loadAlias: String?) -> [String] {
        let asked = Set(
            (creationSettings.members ?? []).map(\.name) + (ElasticsearchClient.loadOverrides.members ?? []).map(\.name)
                + Self.serverSettings)
        var found = (made.settings.members ?? []).map(\.name).filter { !asked.contains($0) }.map { "setting \($0)" }
        Self.compare(made.mappings, mappings, at: [], &found)
        found += (made.aliases.members ?? []).map(\.name).filter { $0 != loadAlias }.map { "alias \($0)" }
        return found
    }

    private static let serverSettings = [
        "index.number_of_shards", "index.number_of_routing_shards", "index.replication.type",
    ]

    private static func compare(_ made: JSONValue, _ asked: JSONValue, at path: [String], _ found: inout [String]) {
        for member in made.members ?? [] {
            let path = path + [member.name]
            guard let wanted = asked[member.name] else {
                found.append("mapping \(path.joined(separator: "."))")
                continue
            }
            // The server writes the parameters of these out by itself.
            let type = wanted["type"]?.string ?? ""
            if type.contains("vector") || type.contains("semantic") { continue }
            if let elements = member.value.array {
                let standing = wanted.array ?? [wanted]
                if !elements.allSatisfy(standing.contains) { found.append("mapping \(path.joined(separator: "."))") }
            } else {
                compare(member.value, wanted, at: path, &found)
            }
        }
    }
}
