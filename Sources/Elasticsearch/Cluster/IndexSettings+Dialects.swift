import Runtime

extension IndexSettings {
    /// Families of Elasticsearch that OpenSearch does not know.
    private static let elasticsearch: (names: Set<String>, prefixes: [String]) = (
        [
            "index.mode", "index.routing_path", "index.look_ahead_time", "index.look_back_time", "index.look_back_time",
            "index.fast_refresh", "index.bloom_filter_for_id_field.enabled", "index.mapping.exclude_source_vectors",
            "index.mapping.synthetic_source_keep", "index.mapping.ignore_dynamic_beyond_limit",
            "index.mapping.use_doc_values_skipper", "index.recovery.use_synthetic_source", "index.dimensions",
            "index.time_series_es87tsdb_codec.enabled", "index.seq_no.index_options",
            "index.esql.stored_fields_sequential_proportion",
        ],
        [
            "index.lifecycle.", "index.xpack.", "index.time_series.", "index.mapping.source.", "index.downsample.",
            "index.logsdb.",
            "index.mapping.semantic_text.", "index.inference.", "index.dense_vector.",
        ]
    )

    /// Families of OpenSearch that Elasticsearch does not know.
    private static let opensearch: (names: Set<String>, prefixes: [String]) = (
        [
            "index.knn", "index.search.default_pipeline", "index.append_only.enabled", "index.composite_index", "index.warm",
            "index.number_of_search_replicas", "index.number_of_search_only_replicas", "index.check_pending_flush.enabled",
            "index.unreferenced_file_cleanup.enabled", "index.use_compound_file", "index.merge_on_flush.enabled",
        ],
        [
            "index.plugins.", "index.opendistro.", "index.opendistro_", "index.knn.", "index.replication.",
            "index.derived_source.", "index.remote_store.", "index.search.concurrent", "index.search.star_tree_index.",
            "index.composite_index.", "index.optimize_doc_id_lookup.", "index.codec.", "index.ingestion_source.",
            "index.context.",
            "index.merge_on_flush.",
        ]
    )

    /// Whether the setting, or its value, is of the other product. What neither list knows is left to the server to refuse.
    static func isForeign(_ name: String, _ value: JSONValue, to distribution: ClusterIdentity.Distribution) -> Bool {
        // Both products have these two codecs; all others mean nothing, or something else, elsewhere.
        if name == "index.codec", let codec = value.string {
            let others: Set<String> =
                distribution == .opensearch
                ? ["legacy_default", "legacy_best_compression", "lucene_default"]
                : ["zlib", "zstd", "zstd_no_dict", "lucene_default", "qat_lz4", "qat_deflate", "qat_zstd"]
            return others.contains(codec)
        }
        let foreign = distribution == .opensearch ? elasticsearch : opensearch
        return foreign.names.contains(name) || foreign.prefixes.contains { name.hasPrefix($0) }
    }
}

extension IndexDefinition {
    /// The definition in the words of a product.
    ///
    /// - Returns: names of the settings that are left out, and the first field that the product cannot have.
    package func adapted(
        to distribution: ClusterIdentity.Distribution
    ) -> (definition: IndexDefinition, dropped: [String], unknown: FieldTypes.Field?) {
        var adapted = self
        let foreign = (settings.members ?? []).filter { IndexSettings.isForeign($0.name, $0.value, to: distribution) }.map(\.name)
        adapted.settings = .object((settings.members ?? []).filter { !foreign.contains($0.name) })
        return (adapted, foreign, FieldTypes.foreign(in: mappings, to: distribution).first)
    }
}
