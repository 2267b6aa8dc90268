import HTTP
import Runtime

extension ElasticsearchClient {
    /// Makes an object, or replaces one of its name. Safe to repeat.
    ///
    /// Parts of templates that the server does not know and that can be left out (settings but those that decide how documents are
    /// analysed, members of other versions) are left out.
    /// - Returns: names of what was left out.
    /// - Throws: `.badRequest` when the server refuses the object, `.forbidden`, and what `send` throws.
    package func put(_ object: ClusterObject) throws(ElasticsearchError) -> [String] {
        let what = "put \(object)"
        var body = try object.json()
        var dropped: [String] = []
        let path = try pathToPut(object)
        if object.kind == .clusterSettings {
            body = ["persistent": .object([JSONValue.Member(name: object.name, value: body)])]
        }
        while true {
            let response = try send(
                "PUT", path, body: .bytes(body.serializedBytes()), repeatable: true, allowing: [400], attempting: what)
            if response.isSuccess { return dropped }
            let reason = ServerReason(body: response.body)
            let refused = TemplateParts.drop(refusedBy: reason.reason, from: &body, kind: object.kind)
            guard !refused.isEmpty else { throw error(status: 400, body: response.body, attempting: what) }
            dropped += refused
        }
    }

    private func pathToPut(_ object: ClusterObject) throws(ElasticsearchError) -> String {
        let name = percentEncoded(object.name)
        switch object.kind {
        case .clusterSettings: return "/_cluster/settings"
        case .ilmPolicies: return "/_ilm/policy/\(name)"
        case .ismPolicies: return "/_plugins/_ism/policies/\(name)\(try versionOfStatePolicy(object.name))"
        case .scripts: return "/_scripts/\(name)"
        case .ingestPipelines: return "/_ingest/pipeline/\(name)"
        case .searchPipelines: return "/_search/pipeline/\(name)"
        case .componentTemplates: return "/_component_template/\(name)"
        case .legacyTemplates: return "/_template/\(name)"
        case .indexTemplates: return "/_index_template/\(name)"
        case .dataStreams:
            throw error(.badRequest, "a data stream is made with its indices", attempting: "put \(object)")
        }
    }

    /// An ISM policy that is there is only replaced by who knows its version.
    private func versionOfStatePolicy(_ name: String) throws(ElasticsearchError) -> String {
        let answer = try sendJSON(
            "GET", "/_plugins/_ism/policies/\(percentEncoded(name))", repeatable: true, allowing: [404],
            attempting: "read ismPolicies:\(name)")
        guard answer.status != 404, let number = answer.value["_seq_no"]?.int, let term = answer.value["_primary_term"]?.int
        else {
            return ""
        }
        return "?if_seq_no=\(number)&if_primary_term=\(term)"
    }
}

/// Parts of templates that a server's refusal names. Pure.
enum TemplateParts {
    /// - Returns: names of the parts that were dropped; empty when the refusal is about something that must stay.
    static func drop(refusedBy reason: String, from body: inout JSONValue, kind: ObjectKind) -> [String] {
        let path: [String]
        switch kind {
        case .componentTemplates, .indexTemplates: path = ["template", "settings"]
        case .legacyTemplates: path = ["settings"]
        default: return []
        }
        if let settings = body[path: path] {
            let flat = IndexSettings.flattened(settings)
            let refused = IndexSettings.named(in: reason, among: flat).filter { !IndexSettings.isEssential($0) }
            if !refused.isEmpty {
                body[path: path] = .object((flat.members ?? []).filter { !refused.contains($0.name) })
                return refused
            }
        }
        // Such as "[1:35] [index_template] unknown field [allow_auto_create]".
        guard let mark = reason.firstRange(of: "unknown field [") else { return [] }
        let field = String(reason[mark.upperBound...].prefix { $0 != "]" })
        guard ObjectDialect.optional.contains(field) else { return [] }
        for parents in [[], ["template"], ["data_stream"]] where body[path: parents + [field]] != nil {
            body[path: parents + [field]] = nil
            return [(parents + [field]).joined(separator: ".")]
        }
        return []
    }
}
