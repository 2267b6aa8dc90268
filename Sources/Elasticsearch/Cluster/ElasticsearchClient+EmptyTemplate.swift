import HTTP
import Runtime

extension ElasticsearchClient {
    /// Puts a composable index template that has nothing over exactly these names, so that no template of a lower priority, and no legacy
    /// template, adds anything to an index of such a name. Safe to repeat.
    ///
    /// - Returns: why the server takes none (a right that is missing, or a product without such templates); nil when it stands.
    package func putEmptyTemplate(_ name: String, over names: [String], priority: Int) throws(ElasticsearchError) -> String? {
        let body: JSONValue = ["index_patterns": .array(names.map { .string($0) }), "priority": JSONValue(priority)]
        let what = "put index template \(name)"
        let response = try send(
            "PUT", "/_index_template/\(percentEncoded(name))", body: .bytes(body.serializedBytes()), repeatable: true,
            allowing: [400, 403, 404, 405], attempting: what)
        return response.isSuccess ? nil : error(status: response.status, body: response.body, attempting: what).message
    }

    /// Takes it away again. Where none could be put there is none: those refusals are no errors.
    package func removeEmptyTemplate(_ name: String) throws(ElasticsearchError) {
        _ = try send(
            "DELETE", "/_index_template/\(percentEncoded(name))", repeatable: true, allowing: [400, 403, 404, 405],
            attempting: "delete index template \(name)")
    }

    /// Index templates and legacy templates of the target that cover a name.
    /// - Returns: nil where the user may not read them.
    package func templates(covering name: String) throws(ElasticsearchError) -> [String]? {
        let catalog = try objects(of: [.indexTemplates, .legacyTemplates], includesSystem: true)
        guard catalog.unreadable.isEmpty else { return nil }
        var covering: [String] = []
        for template in catalog.objects {
            let patterns = try template.json()["index_patterns"]
            let all = patterns?.array?.compactMap(\.string) ?? [patterns?.string].compactMap { $0 }
            if all.contains(where: { NamePattern.matches($0, name) }) { covering.append(template.name) }
        }
        return covering
    }
}
