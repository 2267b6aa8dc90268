import Runtime

/// What the other product's objects hold that a product does not know. Dropped and reported, never translated. Pure.
package enum ObjectDialect {
    /// An object in the words of a product.
    package struct Adapted: Sendable, Equatable {
        package var object: ClusterObject
        /// Names of what was left out.
        package var dropped: [String] = []
        /// Why it cannot be put at all: a field of a type that the product does not know.
        package var refusal: String?
    }

    package static func adapt(
        _ object: ClusterObject, to distribution: ClusterIdentity.Distribution
    ) throws(ElasticsearchError) -> Adapted {
        var adapted = Adapted(object: object)
        switch object.kind {
        case .componentTemplates, .indexTemplates:
            var body = try object.json()
            adapted.dropped += drop(members(distribution), from: &body)
            if var stream = body["data_stream"] {
                adapted.dropped += drop(streamMembers(distribution), from: &stream).map { "data_stream.\($0)" }
                body["data_stream"] = stream
            }
            if var template = body["template"] {
                adapted.dropped += drop(templateMembers(distribution), from: &template).map { "template.\($0)" }
                adapted.dropped += dropSettings(from: &template, distribution)
                adapted.refusal = refusal(object, template, distribution)
                body["template"] = template
            }
            adapted.object = ClusterObject(kind: object.kind, name: object.name, json: body)
        case .legacyTemplates:
            var body = try object.json()
            adapted.dropped += dropSettings(from: &body, distribution)
            adapted.refusal = refusal(object, body, distribution)
            adapted.object = ClusterObject(kind: object.kind, name: object.name, json: body)
        case .ingestPipelines where distribution == .opensearch:
            var body = try object.json()
            adapted.dropped += drop(["_meta", "deprecated"], from: &body)
            adapted.object = ClusterObject(kind: object.kind, name: object.name, json: body)
        case .clusterSettings, .ilmPolicies, .ismPolicies, .scripts, .ingestPipelines, .searchPipelines, .dataStreams: break
        }
        return adapted
    }

    /// Members of templates that a server may refuse and that can be left out: those of the other product or of newer versions.
    static let optional: Set<String> = [
        "allow_auto_create", "deprecated", "ignore_missing_component_templates", "lifecycle", "data_stream_options", "hidden",
        "allow_custom_routing", "failure_store", "timestamp_field", "context", "_meta", "version",
    ]

    private static func members(_ distribution: ClusterIdentity.Distribution) -> Set<String> {
        distribution == .opensearch ? ["allow_auto_create", "deprecated", "ignore_missing_component_templates"] : ["context"]
    }

    private static func streamMembers(_ distribution: ClusterIdentity.Distribution) -> Set<String> {
        distribution == .opensearch ? ["hidden", "allow_custom_routing", "failure_store"] : ["timestamp_field"]
    }

    private static func templateMembers(_ distribution: ClusterIdentity.Distribution) -> Set<String> {
        distribution == .opensearch ? ["lifecycle", "data_stream_options"] : []
    }

    /// - Returns: names of what said something: a default is dropped without a word.
    private static func drop(_ names: Set<String>, from value: inout JSONValue) -> [String] {
        let found = (value.members ?? []).filter { names.contains($0.name) }
        for member in found { value[member.name] = nil }
        return found.filter { member in
            !(member.value.isNull || member.value.bool == false || member.value.array?.isEmpty == true
                || member.value["name"] == "@timestamp")
        }.map(\.name)
    }

    private static func dropSettings(
        from template: inout JSONValue, _ distribution: ClusterIdentity.Distribution
    ) -> [String] {
        guard let settings = template["settings"] else { return [] }
        let flat = IndexSettings.flattened(settings).members ?? []
        let foreign = flat.filter { IndexSettings.isForeign($0.name, $0.value, to: distribution) }
        guard !foreign.isEmpty else { return [] }
        template["settings"] = .object(flat.filter { member in !foreign.contains { $0.name == member.name } })
        return foreign.map(\.name)
    }

    private static func refusal(
        _ object: ClusterObject, _ template: JSONValue, _ distribution: ClusterIdentity.Distribution
    ) -> String? {
        guard let field = FieldTypes.foreign(in: template["mappings"] ?? [:], to: distribution).first else { return nil }
        return "\(object) has field \(field.name) of type \(field.type), which \(distribution.title) does not know; "
            + "leave it out with objects: -\(object)"
    }
}
