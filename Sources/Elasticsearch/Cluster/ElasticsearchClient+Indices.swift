import HTTP
package import Runtime

/// What became of an index that was to be created.
package struct IndexCreation: Sendable, Equatable {
    package enum Outcome: Sendable {
        case created
        /// By someone else, or by an earlier try whose answer was lost: its aliases tell.
        case alreadyExists
    }

    package let outcome: Outcome
    /// Settings that this server refused; the index is made without them.
    package let strippedSettings: [String]
}

extension ElasticsearchClient {
    /// Quick to load, and nothing to lose yet: no refresh, no replicas. `finishingSettings` undo it.
    package static let loadOverrides: JSONValue = ["index.refresh_interval": "-1", "index.number_of_replicas": "0"]

    /// Creates an index and its load alias in one request, so that the alias proves who made it.
    ///
    /// Settings that the server does not know or lets nobody set are left out and reported; those that decide how documents are
    /// analysed are not: the request fails then.
    /// - Parameter overrides: flat settings that win over the definition's.
    package func createIndex(
        _ name: String, definition: IndexDefinition, loadAlias: String?, overrides: JSONValue = ElasticsearchClient.loadOverrides
    ) throws(ElasticsearchError) -> IndexCreation {
        let what = "create index \(name)"
        var settings = definition.creationSettings
        for member in overrides.members ?? [] { settings[member.name] = member.value }
        var stripped: [String] = []
        while true {
            var body: JSONValue = ["settings": settings, "mappings": definition.mappings]
            if let loadAlias { body["aliases"] = .object([JSONValue.Member(name: loadAlias, value: [:])]) }
            let response = try send(
                "PUT", "/" + percentEncoded(name), body: .bytes(body.serializedBytes()), repeatable: true, allowing: [400],
                attempting: what)
            if response.isSuccess { return IndexCreation(outcome: .created, strippedSettings: stripped) }
            let reason = ServerReason(body: response.body)
            // Elasticsearch says "invalid_index_name" when an alias has the name, which is an error.
            if reason.types.contains("resource_already_exists_exception") {
                return IndexCreation(outcome: .alreadyExists, strippedSettings: stripped)
            }
            let refused = IndexSettings.named(in: reason.reason, among: settings).filter { !IndexSettings.isEssential($0) }
            guard !refused.isEmpty else { throw error(status: 400, body: response.body, attempting: what) }
            for setting in refused { settings[setting] = nil }
            stripped += refused
        }
    }

    /// Not by `HEAD`: of an answer without a body nobody can tell whether it is the engine's.
    package func indexExists(_ name: String) throws(ElasticsearchError) -> Bool {
        let path = "/\(percentEncoded(name))?expand_wildcards=all&filter_path=*.aliases"
        return try sendJSON("GET", path, repeatable: true, allowing: [404], attempting: "look for index \(name)").status != 404
    }

    /// Aliases by name with their filters and routings, as `GET _alias` shows them.
    package func aliases(of index: String) throws(ElasticsearchError) -> JSONValue {
        let what = "read the aliases of index \(index)"
        let answer = try sendJSON(
            "GET", "/\(percentEncoded(index))/_alias?expand_wildcards=all", repeatable: true, attempting: what)
        return answer.value[index]?["aliases"] ?? [:]
    }

    /// Names of the indices that an alias points at; empty when there is no such alias.
    package func indexNames(holdingAlias alias: String) throws(ElasticsearchError) -> [String] {
        let answer = try sendJSON(
            "GET", "/_alias/\(percentEncoded(alias))?expand_wildcards=all", repeatable: true, allowing: [404],
            attempting: "look for alias \(alias)")
        guard answer.status != 404 else { return [] }
        return (answer.value.members ?? []).filter { $0.value["aliases"]?[alias] != nil }.map(\.name).sorted()
    }

    /// Changes dynamic settings; null resets one to its default. Safe to repeat.
    ///
    /// Blocks that are lifted go first and one by one, since OpenSearch refuses anything beside them; blocks that are set go last.
    package func updateSettings(_ index: String, _ settings: JSONValue) throws(ElasticsearchError) {
        let members = IndexSettings.flattened(settings).members ?? []
        func isBlock(_ member: JSONValue.Member) -> Bool { member.name.hasPrefix("index.blocks.") }
        func isLifted(_ member: JSONValue.Member) -> Bool {
            member.value.isNull || member.value.bool == false || member.value.string == "false"
        }
        var steps = members.filter { isBlock($0) && isLifted($0) }.map { [$0] }
        steps.append(members.filter { !isBlock($0) })
        steps += members.filter { isBlock($0) && !isLifted($0) }.map { [$0] }
        for step in steps where !step.isEmpty {
            _ = try sendJSON(
                "PUT", "/\(percentEncoded(index))/_settings?expand_wildcards=all", body: .object(step), repeatable: true,
                attempting: "change settings of index \(index)")
        }
    }

    /// Applies alias actions (`{"add": {…}}`, `{"remove": {…}}`, `{"remove_index": {…}}`) at once or not at all.
    package func updateAliases(_ actions: [JSONValue]) throws(ElasticsearchError) {
        guard !actions.isEmpty else { return }
        _ = try sendJSON("POST", "/_aliases", body: ["actions": .array(actions)], repeatable: true, attempting: "change aliases")
    }

    package func refresh(_ index: String) throws(ElasticsearchError) {
        let what = "refresh index \(index)"
        let answer = try sendJSON("POST", "/\(percentEncoded(index))/_refresh", repeatable: true, attempting: what).value
        if let failed = answer[path: ["_shards", "failed"]]?.int, failed > 0 {
            throw error(.partialResult, "\(failed) shards failed", status: 200, attempting: what)
        }
    }

    /// Documents that a search sees, nested ones not counted.
    /// - Parameter shard: asks for one primary shard's only; see `honoursShardPreference`.
    package func count(_ index: String, shard: Int? = nil) throws(ElasticsearchError) -> Int {
        let what = "count the documents of index \(index)"
        let preference = shard.map { "?preference=_shards:\($0)" } ?? ""
        let answer = try sendJSON("GET", "/\(percentEncoded(index))/_count\(preference)", repeatable: true, attempting: what)
            .value
        guard let count = answer["count"]?.int else { throw malformed("the response has no count", attempting: what) }
        if let failed = answer[path: ["_shards", "failed"]]?.int, failed > 0 {
            throw error(.partialResult, "\(failed) shards failed", status: 200, attempting: what)
        }
        return count
    }

    /// Deletes one index by its own name; one that is gone already is fine.
    package func deleteIndex(_ name: String) throws(ElasticsearchError) {
        guard !name.contains("*"), !name.contains(","), name != "_all", !name.isEmpty else {
            throw error(.badRequest, "only single indices are deleted, not patterns", attempting: "delete index \(name)")
        }
        let path = "/" + percentEncoded(name)
        _ = try send("DELETE", path, repeatable: true, allowing: [404], attempting: "delete index \(name)")
    }
}

extension ElasticsearchClient {
    /// Every index with its aliases, as `GET _alias` shows them: hidden and closed ones too, those without aliases too.
    package func allAliases() throws(ElasticsearchError) -> JSONValue {
        try sendJSON("GET", "/_alias?expand_wildcards=all", repeatable: true, attempting: "list the indices and their aliases")
            .value
    }
}
