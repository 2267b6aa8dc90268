/// The kinds of objects that a cluster holds beside indices, in the order in which they are restored (docs/elasticsearch.md).
package enum ObjectKind: String, Sendable, CaseIterable {
    case clusterSettings
    case ilmPolicies
    case ismPolicies
    case scripts
    case ingestPipelines
    case searchPipelines
    case componentTemplates
    case legacyTemplates
    case indexTemplates
    case dataStreams

    /// In the plural, for sentences.
    package var title: String {
        switch self {
        case .clusterSettings: "cluster settings"
        case .ilmPolicies: "ILM policies"
        case .ismPolicies: "ISM policies"
        case .scripts: "stored scripts"
        case .ingestPipelines: "ingest pipelines"
        case .searchPipelines: "search pipelines"
        case .componentTemplates: "component templates"
        case .legacyTemplates: "legacy templates"
        case .indexTemplates: "index templates"
        case .dataStreams: "data streams"
        }
    }

    /// Whether a product can have such objects at all. What it cannot have is not asked for: Elasticsearch 7 takes a path that it does
    /// not know for one of an index, and refuses it for want of a privilege.
    package func exists(on distribution: ClusterIdentity.Distribution) -> Bool {
        switch (self, distribution) {
        case (.ilmPolicies, .opensearch), (.ismPolicies, .elasticsearch), (.searchPipelines, .elasticsearch): false
        default: true
        }
    }
}
