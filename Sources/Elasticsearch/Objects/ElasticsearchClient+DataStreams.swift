import HTTP
package import Runtime

extension ElasticsearchClient {
    /// A data stream as it is now; nil when there is none of that name, or the server has no data streams.
    package func dataStream(_ name: String) throws(ElasticsearchError) -> DataStream? {
        let what = "look for data stream \(name)"
        let answer = try sendJSON(
            "GET", "/_data_stream/\(percentEncoded(name))", repeatable: true, allowing: [400, 404, 405], attempting: what)
        guard answer.status == 200 else { return nil }
        guard let listed = answer.value["data_streams"]?.array else {
            throw malformed("the response is no list of data streams", attempting: what)
        }
        return listed.compactMap { DataStream(listed: $0) }.first { $0.name == name }
    }

    /// Makes a stream by the index template that matches its name.
    /// - Returns: false when there is one already.
    package func createDataStream(_ name: String) throws(ElasticsearchError) -> Bool {
        let what = "create data stream \(name)"
        let response = try send(
            "PUT", "/_data_stream/\(percentEncoded(name))", repeatable: true, allowing: [400], attempting: what)
        if response.isSuccess { return true }
        let reason = ServerReason(body: response.body)
        guard reason.types.contains("resource_already_exists_exception") else {
            throw error(status: 400, body: response.body, attempting: what)
        }
        return false
    }

    /// Gives a stream a new backing index to write to.
    ///
    /// Not repeated when the reply is lost: whoever asks looks at the stream first.
    /// - Parameter documents: the write index must hold as many, or nothing happens; nil or 0 asks for nothing.
    /// - Returns: whether it was rolled over.
    package func rollOver(_ stream: String, whenHolding documents: Int?) throws(ElasticsearchError) -> Bool {
        var body: JSONValue = [:]
        if let documents, documents > 0 { body["conditions"] = ["max_docs": JSONValue(documents)] }
        let answer = try sendJSON(
            "POST", "/\(percentEncoded(stream))/_rollover", body: body, attempting: "roll data stream \(stream) over")
        guard let isRolledOver = answer.value["rolled_over"]?.bool else {
            throw malformed("the response does not say what happened", attempting: "roll data stream \(stream) over")
        }
        return isRolledOver
    }

    /// Makes a data stream of an alias: its indices become the backing indices, the alias goes. At once or not at all.
    package func migrateToDataStream(alias: String) throws(ElasticsearchError) {
        _ = try sendJSON(
            "POST", "/_data_stream/_migrate/\(percentEncoded(alias))", repeatable: true,
            attempting: "make alias \(alias) a data stream")
    }

    /// Deletes a stream with its backing indices; one that is gone already is fine.
    package func deleteDataStream(_ name: String) throws(ElasticsearchError) {
        guard !name.contains("*"), !name.contains(","), name != "_all", !name.isEmpty else {
            throw error(.badRequest, "only single streams are deleted, not patterns", attempting: "delete data stream \(name)")
        }
        _ = try send(
            "DELETE", "/_data_stream/\(percentEncoded(name))", repeatable: true, allowing: [404],
            attempting: "delete data stream \(name)")
    }

    /// The `_meta` of an index's mapping.
    package func mappingMeta(of index: String) throws(ElasticsearchError) -> JSONValue {
        let answer = try sendJSON(
            "GET", "/\(percentEncoded(index))/_mapping?expand_wildcards=all", repeatable: true,
            attempting: "read the mapping of index \(index)")
        return answer.value[index]?[path: ["mappings", "_meta"]] ?? [:]
    }

    package func setMappingMeta(_ meta: JSONValue, of index: String) throws(ElasticsearchError) {
        _ = try sendJSON(
            "PUT", "/\(percentEncoded(index))/_mapping?expand_wildcards=all", body: ["_meta": meta], repeatable: true,
            attempting: "change the mapping of index \(index)")
    }

    /// Makes an ingest pipeline that does nothing: documents that name it are taken as they are while it exists.
    package func putFencePipeline(_ name: String) throws(ElasticsearchError) {
        _ = try sendJSON(
            "PUT", "/_ingest/pipeline/\(percentEncoded(name))",
            body: ["description": "fence of a restore by Sheaf", "processors": []], repeatable: true,
            attempting: "make pipeline \(name)")
    }

    package func deletePipeline(_ name: String) throws(ElasticsearchError) {
        _ = try send(
            "DELETE", "/_ingest/pipeline/\(percentEncoded(name))", repeatable: true, allowing: [404],
            attempting: "delete pipeline \(name)")
    }

    /// - Parameter pattern: a name, or one with `*`.
    package func pipelineNames(_ pattern: String) throws(ElasticsearchError) -> [String] {
        let answer = try sendJSON(
            "GET", "/_ingest/pipeline/\(percentEncoded(pattern))", repeatable: true, allowing: [404],
            attempting: "look for pipelines \(pattern)")
        guard answer.status != 404 else { return [] }
        return (answer.value.members ?? []).map(\.name)
    }

    /// Deletes a template of a restore's own; one that is gone already is fine.
    ///
    /// OpenSearch deletes none that matches a data stream, even where the stream has another one: it is pointed at no name first.
    /// - Throws: `.badRequest` where a stream would be left without a template; the template is then as it was.
    package func deleteIndexTemplate(_ name: String) throws(ElasticsearchError) {
        let path = "/_index_template/\(percentEncoded(name))"
        let what = "delete index template \(name)"
        let answer = try send("DELETE", path, repeatable: true, allowing: [400, 404], attempting: what)
        guard answer.status == 400 else { return }
        let standing = try sendJSON("GET", path, repeatable: true, allowing: [404], attempting: what)
        guard let template = standing.value["index_templates"]?[0]?["index_template"] else { return }
        // Its own priority: another one may be that of a template for every name. A pattern that nothing is named by: streams have templates' names.
        let body: JSONValue = [
            "index_patterns": [.string(".sheaf-nothing-\(name)")], "data_stream": [:], "priority": template["priority"] ?? 0,
        ]
        _ = try sendJSON("PUT", path, body: body, repeatable: true, attempting: what)
        _ = try send("DELETE", path, repeatable: true, allowing: [404], attempting: what)
    }
}

extension ClusterIdentity {
    /// Whether the oldest node has that version or a newer one.
    func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        let parts = version.split(separator: ".").map { Int($0) ?? 0 }
        guard parts.count >= 2 else { return true }
        return (parts[0], parts[1]) >= (major, minor)
    }
}
