import FoundationEssentials
import Runtime

extension ElasticsearchClient {
    /// Asks once and remembers: about a dozen small requests, none of which changes anything.
    ///
    /// 400, 404 and 405 of a path that the product may lack mean that it lacks it; 401, 403 and 5xx leave the answer open (nil).
    /// - Throws: when it cannot be said which server this is.
    package func capabilities() throws(ElasticsearchError) -> ClusterCapabilities {
        if let knownCapabilities { return knownCapabilities }
        let identity = try identity()
        var found = ClusterCapabilities(identity: identity, overrides: configuration.overrides)
        let isOpenSearch = identity.distribution == .opensearch
        found.hasDataStreams = try has("/_data_stream?filter_path=_none")
        found.hasComposableTemplates = try has("/_index_template?filter_path=_none")
        found.hasILM = try isOpenSearch ? false : has("/_ilm/policy?filter_path=_none")
        found.hasISM = try isOpenSearch ? has("/_plugins/_ism/policies?size=1&filter_path=_none") : false
        // 404 without an error says that there are none, which is an answer.
        found.hasSearchPipelines = try isOpenSearch ? has("/_search/pipeline") { $0["error"] == nil } : false
        found.hasStoredScripts = try has("/_scripts/sheaf-probe") { $0["found"]?.bool == false }
        found.hasDataStreamModify = try identity.isAtLeast(.elasticsearch, 7, 16) ? hasDataStreamModify() : false
        found.openViewLimit = try openViewLimit(of: found.reader, isOpenSearch: isOpenSearch)
        found.maxContentBytes = try maxContentBytes()
        found.clockSkew = try clockSkew()
        knownCapabilities = found
        return found
    }

    /// Takes what is known already, so that nothing of it is asked again.
    package func adopt(_ capabilities: ClusterCapabilities) {
        knownCapabilities = capabilities
        knownIdentity = capabilities.identity
    }

    private static let absent = [400, 404, 405]
    private static let refused = [401, 403, 500, 501]

    /// - Parameter isAnswer: whether a 404 comes from the path's own handler.
    private func has(
        _ path: String, _ isAnswer: (JSONValue) -> Bool = { _ in false }
    ) throws(ElasticsearchError) -> Bool? {
        guard let answer = try ask("GET", path) else { return nil }
        return answer.status == 200 || (answer.status == 404 && !answer.value.isNull && isAnswer(answer.value))
    }

    /// No actions change nothing: where the path exists, they fail to be valid.
    private func hasDataStreamModify() throws(ElasticsearchError) -> Bool? {
        guard let answer = try ask("POST", "/_data_stream/_modify", body: ["actions": []]) else { return nil }
        let reason = answer.value["error"].map { ServerReason(error: $0) }
        return answer.status == 200 || reason?.types.contains("action_request_validation_exception") == true
    }

    private func openViewLimit(
        of reader: ClusterCapabilities.Reader, isOpenSearch: Bool
    ) throws(ElasticsearchError) -> Int? {
        let name =
            switch reader {
            case .scroll: "search.max_open_scroll_context"
            case .pointInTime: "search.max_open_pit_context"
            }
        // Of points in time Elasticsearch has no limit.
        guard reader == .scroll || isOpenSearch else { return nil }
        let path = "/_cluster/settings?include_defaults=true&flat_settings=true&filter_path=*.*max_open_*"
        guard let answer = try answer("GET", path) else { return nil }
        for group in ["transient", "persistent", "defaults"] {
            if let limit = answer[group]?[name]?.string.flatMap({ Int($0) }) { return limit }
        }
        return nil
    }

    private func maxContentBytes() throws(ElasticsearchError) -> Int? {
        let path = "/_nodes/_all/http?filter_path=nodes.*.http.max_content_length_in_bytes"
        let nodes = try answer("GET", path)?["nodes"]?.members ?? []
        return nodes.compactMap { $0.value[path: ["http", "max_content_length_in_bytes"]]?.int }.min()
    }

    /// Against the middle of the request, so that a slow answer counts half.
    private func clockSkew() throws(ElasticsearchError) -> Double? {
        let before = Date()
        guard let nodes = try answer("GET", "/_nodes/_local/stats/jvm?filter_path=nodes.*.timestamp")?["nodes"]?.members,
            let milliseconds = nodes.first?.value["timestamp"]?.int
        else { return nil }
        let middle = (before.timeIntervalSince1970 + Date().timeIntervalSince1970) / 2
        return Double(milliseconds) / 1000 - middle
    }

    /// The JSON of a success; nil otherwise.
    private func answer(_ method: String, _ path: String) throws(ElasticsearchError) -> JSONValue? {
        guard let answer = try ask(method, path), answer.status == 200 else { return nil }
        return answer.value
    }

    /// - Returns: nil when the server refuses to answer, or cannot.
    private func ask(
        _ method: String, _ path: String, body: JSONValue? = nil
    ) throws(ElasticsearchError) -> (status: Int, value: JSONValue)? {
        do throws(ElasticsearchError) {
            let answer = try sendJSON(
                method, path, body: body, repeatable: true, tolerating: Self.absent + Self.refused,
                attempting: "find out what the cluster can do")
            return Self.refused.contains(answer.status) ? nil : answer
        } catch {
            guard (500...599).contains(error.status) else { throw error }
            return nil
        }
    }
}
