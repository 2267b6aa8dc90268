package import Runtime

/// Types of fields that one of both products knows alone. Pure.
package enum FieldTypes {
    package struct Field: Sendable, Equatable {
        /// With its parents, such as `user.vector`.
        package var name: String
        package var type: String
    }

    /// Of Elasticsearch; OpenSearch has none of them under that name.
    private static let elasticsearch: Set<String> = [
        "dense_vector", "sparse_vector", "rank_vectors", "semantic_text", "flattened", "histogram", "exponential_histogram",
        "aggregate_metric_double", "version", "shape", "point", "counted_keyword", "passthrough", "pattern_text",
        "offset_source", "tdigest",
    ]
    /// Of OpenSearch.
    private static let opensearch: Set<String> = [
        "knn_vector", "flat_object", "xy_point", "xy_shape", "star_tree", "semantic", "derived",
    ]

    /// Fields that the product cannot have, in the order of the mapping. Nothing stands for them: no type is ever guessed.
    package static func foreign(in mappings: JSONValue, to distribution: ClusterIdentity.Distribution) -> [Field] {
        let unknown = distribution == .opensearch ? elasticsearch : opensearch
        var found: [Field] = []
        func walk(_ value: JSONValue, _ prefix: String) {
            for group in ["properties", "fields"] {
                for member in value[group]?.members ?? [] {
                    let name = prefix.isEmpty ? member.name : "\(prefix).\(member.name)"
                    if let type = member.value["type"]?.string, unknown.contains(type) {
                        found.append(Field(name: name, type: type))
                    }
                    walk(member.value, name)
                }
            }
        }
        walk(mappings, "")
        for template in mappings["dynamic_templates"]?.array ?? [] {
            for rule in template.members ?? [] {
                if let type = rule.value[path: ["mapping", "type"]]?.string, unknown.contains(type) {
                    found.append(Field(name: rule.name, type: type))
                }
            }
        }
        // Fields that are computed when they are asked for: each product has its own.
        for field in mappings[distribution == .opensearch ? "runtime" : "derived"]?.members ?? [] {
            let kind = distribution == .opensearch ? "runtime" : "derived"
            found.append(Field(name: field.name, type: "\(kind) \(field.value["type"]?.string ?? "field")"))
        }
        return found
    }
}

extension ClusterIdentity.Distribution {
    package var title: String {
        switch self {
        case .elasticsearch: "Elasticsearch"
        case .opensearch: "OpenSearch"
        }
    }
}
