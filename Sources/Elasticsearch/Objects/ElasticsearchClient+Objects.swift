import Runtime

extension ElasticsearchClient {
    /// Lists every object of the kinds.
    ///
    /// A kind that the server does not know (400, 404, 405) is absent, one that the user may not read (403) is unreadable; anything else that is
    /// no answer is an error.
    /// - Parameter includesSystem: also takes objects that the product manages, and names with a leading dot.
    package func objects(of kinds: Set<ObjectKind>, includesSystem: Bool) throws(ElasticsearchError) -> ObjectCatalog {
        let distribution = try identity().distribution
        var catalog = ObjectCatalog()
        for kind in ObjectKind.allCases where kinds.contains(kind) {
            guard kind.exists(on: distribution) else {
                catalog.absent.insert(kind)
                continue
            }
            do throws(ElasticsearchError) {
                guard let entries = try listing(of: kind, on: distribution) else {
                    catalog.absent.insert(kind)
                    continue
                }
                catalog.objects += entries.filter { includesSystem || !$0.isSystem }
                    .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            } catch {
                guard error.code == .forbidden else { throw error }
                catalog.unreadable[kind] = error.message
            }
        }
        return catalog
    }

    /// - Returns: nil when the server has no such objects.
    private func listing(
        of kind: ObjectKind, on distribution: ClusterIdentity.Distribution
    ) throws(ElasticsearchError) -> [ClusterObject]? {
        switch kind {
        case .clusterSettings: try entries(of: kind, at: "/_cluster/settings?flat_settings=true")
        case .ilmPolicies: try entries(of: kind, at: "/_ilm/policy")
        case .ismPolicies: try statePolicies()
        case .scripts: try entries(of: kind, at: "/_cluster/state/metadata?filter_path=metadata.stored_scripts")
        case .ingestPipelines: try entries(of: kind, at: "/_ingest/pipeline")
        case .searchPipelines: try entries(of: kind, at: "/_search/pipeline")
        case .componentTemplates: try entries(of: kind, at: "/_component_template")
        case .legacyTemplates: try entries(of: kind, at: "/_template")
        case .indexTemplates: try entries(of: kind, at: "/_index_template")
        case .dataStreams:
            if let listed = try entries(
                of: kind, at: distribution == .elasticsearch ? "/_data_stream?expand_wildcards=all" : "/_data_stream")
            {
                listed
            } else {
                try streamsOfBackingIndices()
            }
        }
    }

    /// - Parameter path: answered with 404 and an empty object where there are none, or by a server that does not know it.
    private func entries(of kind: ObjectKind, at path: String) throws(ElasticsearchError) -> [ClusterObject]? {
        let what = "list the \(kind.title)"
        let reply = try sendJSON("GET", path, repeatable: true, tolerating: [400, 404, 405], attempting: what)
        guard reply.status == 200 else { return reply.status == 404 && reply.value.members?.isEmpty == true ? [] : nil }
        guard let entries = ObjectListing.objects(of: kind, in: reply.value) else {
            throw malformed("the response is no list of \(kind.title)", attempting: what)
        }
        return entries
    }

    /// The list of ISM policies comes in pages.
    private func statePolicies() throws(ElasticsearchError) -> [ClusterObject]? {
        let page = 1000
        var all: [ClusterObject] = []
        while true {
            let path = "/_plugins/_ism/policies?size=\(page)&from=\(all.count)"
            guard let entries = try entries(of: .ismPolicies, at: path) else { return nil }
            all += entries
            if entries.count < page { return all }
        }
    }

    /// Where streams cannot be listed, each backing index still names its own.
    private func streamsOfBackingIndices() throws(ElasticsearchError) -> [ClusterObject]? {
        let path = "/.ds-*?expand_wildcards=all&flat_settings=true&filter_path=*.data_stream,*.settings.index.uuid"
        let indices = try sendJSON("GET", path, repeatable: true, attempting: "list the backing indices of data streams").value
        let streams = DataStream.derived(from: indices)
        guard !streams.isEmpty else { return nil }
        return streams.map(\.object)
    }
}
