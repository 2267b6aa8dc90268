import Elasticsearch
import Runtime

/// Which names are taken in a target before a restore, and by what.
struct TargetNames: Equatable {
    enum Occupant: Equatable {
        case index
        /// Of these indices.
        case alias([String])
        /// A data stream, or what this user may not see.
        case other
    }

    /// The aliases of each index, as `GET _alias` shows them.
    var indices: [String: JSONValue] = [:]
    /// Names that are taken by what is neither index nor alias.
    var others: Set<String> = []

    func occupant(of name: String) -> Occupant? {
        if indices[name] != nil { return .index }
        let holders = holders(of: name)
        if !holders.isEmpty { return .alias(holders.map(\.index)) }
        return others.contains(name) ? .other : nil
    }

    /// Indices that have the alias, by name, with what the alias is there.
    func holders(of alias: String) -> [(index: String, alias: JSONValue)] {
        indices.compactMap { index in index.value[alias].map { (index.key, $0) } }.sorted { $0.0 < $1.0 }
    }
}

extension TargetNames {
    /// Reads them: one listing, and one look at each name in question that the listing has not.
    init(of client: ElasticsearchClient, inQuestion names: Set<String>) throws {
        for index in try client.allAliases().members ?? [] { indices[index.name] = index.value["aliases"] ?? [:] }
        let listed = Set(indices.values.flatMap { ($0.members ?? []).map(\.name) }).union(indices.keys)
        // A name that no index can have is told of by itself, and must not reach a path.
        for name in names.subtracting(listed).sorted() where IndexName.problem(name) == nil {
            if try client.indexExists(name) { others.insert(name) }
        }
    }
}
