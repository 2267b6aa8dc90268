import Runtime

extension ElasticsearchClient {
    /// Describes every selected index, refreshed and counted, in the order of their names.
    ///
    /// One request for the listing and three an index. An index deleted meanwhile is left out. One that is closed, or has a primary shard
    /// that is not assigned, is neither refreshed nor counted.
    /// - Parameter query: JSON that documents must match to be counted; nil counts all.
    package func catalog(
        _ selection: IndexSelection, query: String? = nil
    ) throws(ElasticsearchError) -> [IndexDefinition] {
        let matcher = try selection.matcher()
        let columns = "index,status,health,uuid,pri,pri.store.size"
        let listing = try sendJSON(
            "GET", "/_cat/indices?format=json&expand_wildcards=all&bytes=b&h=\(columns)", repeatable: true,
            attempting: "list the indices"
        ).value
        guard let rows = listing.array else { throw malformed("the listing is no array", attempting: "list the indices") }
        let names = rows.compactMap { $0["index"]?.string }
        let streams = names.contains { $0.hasPrefix(".ds-") } ? try dataStreams() : [:]
        let aliases = matcher.matchesAliases ? try aliasNames() : [:]
        let routingShards = try routingShards()
        var definitions: [IndexDefinition] = []
        for row in rows {
            guard let name = row["index"]?.string else { continue }
            // Those of a data stream are listed under its own name.
            let names = [name, streams[name]].compactMap { $0 }.flatMap { aliases[$0] ?? [] }
            guard matcher.selects(name, dataStream: streams[name], aliases: names) else { continue }
            if var definition = try definition(of: name, row: row, routingShards: routingShards[name], query: query) {
                definition.matchedAlias = matcher.aliasAlone(name, dataStream: streams[name], aliases: names)
                definitions.append(definition)
            }
        }
        return definitions.sorted { $0.name < $1.name }
    }

    /// The aliases of all indices.
    private func aliasNames() throws(ElasticsearchError) -> [String: [String]] {
        let answer = try sendJSON("GET", "/_alias?expand_wildcards=all", repeatable: true, attempting: "list the aliases")
        var names: [String: [String]] = [:]
        for index in answer.value.members ?? [] { names[index.name] = (index.value["aliases"]?.members ?? []).map(\.name) }
        return names
    }

    /// Whether `preference=_shards:N` restricts a search to one shard.
    ///
    /// Some servers ignore it and still say that one shard answered; then the index is to be read as a whole. One or two requests: of the
    /// shards at most one has more than half of the documents.
    /// - Parameters:
    ///   - total: documents that match `query` in all shards; of none, the server's routing is asked instead.
    package func honoursShardPreference(
        _ index: String, shards: Int, total: Int, query: String? = nil
    ) throws(ElasticsearchError) -> Bool {
        guard shards > 1 else { return true }
        guard total > 0 else { return try routesByShard(index) }
        for shard in 0..<2 where try countDocuments(in: index, shard: shard, query: query).documents * 2 <= total { return true }
        return false
    }

    /// Whether the server says that a search of the first shard goes to one shard.
    private func routesByShard(_ index: String) throws(ElasticsearchError) -> Bool {
        let answer = try sendJSON(
            "GET", "/\(percentEncoded(index))/_search_shards?preference=_shards:0", repeatable: true,
            tolerating: [400, 403, 404, 405, 501], attempting: "ask for the shards of index \(index)")
        return answer.status == 200 && answer.value["shards"]?.array?.count == 1
    }

    /// What an index is at this moment, without counting or refreshing it; nil when there is none of that very name.
    ///
    /// - Returns: nil also where the name is an alias, which would lead a reader to another index.
    package func currentDefinition(of name: String) throws(ElasticsearchError) -> IndexDefinition? {
        try described(name, row: [:], routingShards: nil)
    }

    private func definition(
        of name: String, row: JSONValue, routingShards: Int?, query: String?
    ) throws(ElasticsearchError) -> IndexDefinition? {
        guard var definition = try described(name, row: row, routingShards: routingShards) else { return nil }
        guard definition.isOpen else { return definition }
        if row["health"]?.string == "red" {
            definition.hasUnassignedPrimary = try !primariesGetAssigned(name)
            if definition.hasUnassignedPrimary { return definition }
        }
        do throws(ElasticsearchError) {
            definition.isRefreshed = try refreshIfAllowed(name)
            definition.documents = try countDocuments(in: name, query: query).documents
        } catch {
            switch error.code {
            case .indexNotFound: return nil
            case .forbidden, .partialResult: definition.unreadable = error.message
            default: throw error
            }
        }
        return definition
    }

    /// A new index is red for a moment; one that stays red is not.
    private func primariesGetAssigned(_ name: String) throws(ElasticsearchError) -> Bool {
        let path = "/_cluster/health/\(percentEncoded(name))?wait_for_status=yellow&timeout=5s&expand_wildcards=all"
        let health = try sendJSON(
            "GET", path, repeatable: true, tolerating: [403, 404, 408], attempting: "wait for the primaries of index \(name)")
        return health.status == 200 && health.value["timed_out"]?.bool == false && health.value["status"]?.string != "red"
    }

    private func described(
        _ name: String, row: JSONValue, routingShards: Int?
    ) throws(ElasticsearchError) -> IndexDefinition? {
        let path = "/" + percentEncoded(name)
        let answer = try sendJSON(
            "GET", "\(path)?flat_settings=true&expand_wildcards=all", repeatable: true, allowing: [404],
            attempting: "describe index \(name)")
        guard answer.status != 404 else { return nil }
        guard let described = answer.value[name] else { return nil }
        guard let settings = described["settings"] else {
            throw malformed("the response does not describe it", attempting: "describe index \(name)")
        }
        let flat = IndexSettings.flattened(settings)
        let shardsText = flat["index.number_of_shards"]?.string ?? row["pri"]?.string
        guard let uuid = flat["index.uuid"]?.string ?? row["uuid"]?.string, let shards = shardsText.flatMap({ Int($0) }) else {
            throw malformed("the response has no uuid or number of shards", attempting: "describe index \(name)")
        }
        let isSnapshotMount = flat["index.store.type"]?.string == "snapshot"
        func isStripped(_ setting: String) -> Bool {
            IndexSettings.isUnrestorable(setting) || (isSnapshotMount && setting == "index.store.type")
        }
        var restorable = JSONValue.object((flat.members ?? []).filter { !isStripped($0.name) })
        if let routingShards, restorable["index.number_of_routing_shards"] == nil {
            restorable["index.number_of_routing_shards"] = .string(String(routingShards))
        }
        return IndexDefinition(
            name: name, uuid: uuid, numberOfShards: shards, settings: restorable,
            strippedSettings: (flat.members ?? []).map(\.name).filter(isStripped), mappings: described["mappings"] ?? [:],
            aliases: described["aliases"] ?? [:], dataStream: described["data_stream"]?.string,
            storeBytes: row["pri.store.size"]?.string.flatMap { Int($0) } ?? 0, isOpen: row["status"]?.string != "close")
    }

    private func refreshIfAllowed(_ name: String) throws(ElasticsearchError) -> Bool {
        do throws(ElasticsearchError) {
            try refresh(name)
            return true
        } catch {
            if error.code == .forbidden { return false }
            throw error
        }
    }

    /// Streams by the names of their hidden indices.
    private func dataStreams() throws(ElasticsearchError) -> [String: String] {
        let path = "/.ds-*?expand_wildcards=all&filter_path=*.data_stream"
        let answer = try sendJSON("GET", path, repeatable: true, attempting: "list the data streams").value
        var streams: [String: String] = [:]
        for member in answer.members ?? [] { streams[member.name] = member.value["data_stream"]?.string }
        return streams
    }

    /// Kept out of the settings by Elasticsearch. Without the right to read the cluster state an index is restored with the
    /// default, which only matters for later splits.
    private func routingShards() throws(ElasticsearchError) -> [String: Int] {
        let path = "/_cluster/state/metadata?filter_path=metadata.indices.*.routing_num_shards"
        let state = try sendJSON(
            "GET", path, repeatable: true, tolerating: [400, 403, 404, 405], attempting: "read the number of routing shards")
        guard state.status == 200 else { return [:] }
        var shards: [String: Int] = [:]
        for member in state.value[path: ["metadata", "indices"]]?.members ?? [] {
            shards[member.name] = member.value["routing_num_shards"]?.int
        }
        return shards
    }
}
