import Runtime

/// Which sections of `_cluster/state/metadata` a backup covers: the alarm for kinds of objects that nobody thought of. Pure.
enum MetadataCoverage {
    /// Sections that the kinds of objects come from.
    private static let saved: Set<String> = [
        "settings", "index_lifecycle", "stored_scripts", "ingest", "search_pipeline", "component_template", "templates",
        "index_template", "data_stream", "indices",
    ]

    /// Sections that have no meaning in another cluster, or none after a restore.
    private static let ofNoUse: Set<String> = [
        // Who the cluster is and how it votes.
        "cluster_uuid", "cluster_uuid_committed", "cluster_coordination",
        // Indices that were deleted; tasks and nodes of the moment.
        "index-graveyard", "persistent_tasks", "cluster_persistent_tasks", "node_shutdown", "nodes_shutdown", "desired_nodes",
        "decommissionedAttribute", "weighted_shard_routing",
        // Derived from files of the nodes, keystores, or the product's own bookkeeping.
        "reserved_state", "hashes_of_consistent_settings", "feature_migration_results", "health", "licenses", "ml", "rollup",
    ]

    /// Names of the sections that hold something and are neither saved nor of no use.
    static func uncovered(_ metadata: JSONValue) -> [String] {
        (metadata.members ?? []).filter { !saved.contains($0.name) && !ofNoUse.contains($0.name) && holdsSomething($0.value) }
            .map(\.name).sorted()
    }

    private static func holdsSomething(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let members): members.contains { holdsSomething($0.value) }
        case .array(let elements): elements.contains(where: holdsSomething)
        case .null: false
        default: true
        }
    }
}

extension ElasticsearchClient {
    /// A sentence for each section of the cluster's metadata that no kind of object covers, or one that the metadata cannot be read.
    package func uncoveredMetadata() throws(ElasticsearchError) -> [String] {
        let what = "read the cluster's metadata"
        let path = "/_cluster/state/metadata?filter_path=-metadata.indices,-metadata.index-graveyard"
        let reply = try sendJSON("GET", path, repeatable: true, tolerating: [400, 403, 404, 405], attempting: what)
        guard reply.status == 200 else {
            let reason = reply.value["error"].map { ServerReason(error: $0).text } ?? "status \(reply.status)"
            return [
                "the cluster's metadata could not be read, so there may be kinds of objects that nobody looked for: \(reason)"
            ]
        }
        return MetadataCoverage.uncovered(reply.value["metadata"] ?? [:]).map {
            "the section \($0) of the cluster's metadata is not saved: no kind of object covers it"
        }
    }
}
