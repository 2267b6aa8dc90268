/// The `metadata` of a resource, as in Kubernetes: what names it and what others hang on it.
package struct ObjectMeta: Codable, Sendable, Hashable {
    /// A DNS-1123 name; checked where manifests are loaded, not here.
    package var name: String
    /// `default` when a manifest or a message leaves it out.
    package var namespace: String
    @OmittedWhenEmpty package var labels: [String: String]
    @OmittedWhenEmpty package var annotations: [String: String]

    package static let defaultNamespace = "default"

    package init(
        name: String, namespace: String = ObjectMeta.defaultNamespace, labels: [String: String] = [:],
        annotations: [String: String] = [:]
    ) {
        self.name = name
        self.namespace = namespace
        self.labels = labels
        self.annotations = annotations
    }

    private enum CodingKeys: String, CodingKey {
        case name, namespace, labels, annotations
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            namespace: try container.decodeIfPresent(String.self, forKey: .namespace) ?? Self.defaultNamespace,
            labels: try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:],
            annotations: try container.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:])
    }
}
