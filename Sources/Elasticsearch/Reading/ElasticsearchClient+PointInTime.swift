package import FoundationEssentials
import HTTP
import Runtime

extension ElasticsearchClient {
    /// Opens a view and counts it. Refresh the index first: a view sees what the last refresh saw.
    ///
    /// - Parameters:
    ///   - shard: the number of one primary shard; nil for the whole index.
    ///   - query: JSON that documents must match to be counted.
    ///   - now: recorded as `openedAt`.
    package func openPointInTime(
        index: String, shard: Int?, keepAlive: Duration, query: String? = nil, now: Date = Date()
    ) throws(ElasticsearchError) -> PointInTime {
        let what = "open a point in time of \(shard.map { "shard \($0) of " } ?? "")index \(index)"
        let identity = try identity()
        guard readsPointsInTime(of: identity) else {
            throw error(
                .unsupported, "\(identity.distribution.rawValue) \(identity.version) has no point in time", attempting: what)
        }
        var path = "/" + percentEncoded(index)
        switch identity.distribution {
        case .elasticsearch: path += "/_pit?"
        case .opensearch: path += "/_search/point_in_time?allow_partial_pit_creation=false&"
        }
        path += "keep_alive=\(keepAlive.elasticsearchText)"
        if let shard { path += "&preference=_shards:\(shard)" }
        let opened = try sendJSON("POST", path, repeatable: true, attempting: what).value
        guard let id = opened["id"]?.string ?? opened["pit_id"]?.string else {
            throw malformed("the response has no id", attempting: what)
        }
        var view = PointInTime(id: id, index: index, shard: shard, shards: 0, total: 0, openedAt: now)
        do throws(ElasticsearchError) {
            let counted = try countingSearch(view, query: query, keepAlive: keepAlive, attempting: what)
            let shards = try checkWhole(counted, expectedShards: nil, attempting: what)
            guard let total = Self.exactTotal(of: counted) else {
                throw malformed("the response has no total", attempting: what)
            }
            view.id = counted["pit_id"]?.string ?? id
            return PointInTime(id: view.id, index: index, shard: shard, shards: shards, total: total, openedAt: now)
        } catch {
            // The first error is the one to report; a view that cannot be closed expires by itself.
            _ = try? closePointInTime(view)
            throw error
        }
    }

    /// Gives a view back. One that is gone already is fine.
    package func closePointInTime(_ view: PointInTime) throws(ElasticsearchError) {
        let what = "close the point in time of \(view.name)"
        switch try identity().distribution {
        case .elasticsearch:
            _ = try sendJSON("DELETE", "/_pit", body: ["id": .string(view.id)], allowing: [404], attempting: what)
        case .opensearch:
            let body: JSONValue = ["pit_id": [.string(view.id)]]
            _ = try sendJSON("DELETE", "/_search/point_in_time", body: body, allowing: [404], attempting: what)
        }
    }

    static let pageSearchPath = "/_search?allow_partial_search_results=false"

    func pageSearchBody(
        _ view: PointInTime, after: String? = nil, size: Int, countTotal: Bool, keepAlive: Duration, query: String?
    ) -> [UInt8] {
        let id = JSONValue.string(view.id).serialized()
        var body = #"{"size":\#(size),"track_total_hits":\#(countTotal),\#(documentsInOrder(query: query))"#
        body += #","pit":{"id":\#(id),"keep_alive":"\#(keepAlive.elasticsearchText)"}"#
        if let after { body += #","search_after":\#(after)"# }
        return Array((body + "}").utf8)
    }

    /// Members of a search's body: whole documents, in the order in which the index has them, the cheapest.
    ///
    /// Vectors are asked for where that can be said; the rest of a `_source` comes as it was written all the same.
    func documentsInOrder(query: String?) -> String {
        var members = #""sort":[{"_doc":"asc"}]"#
        if knownCapabilities?.sendsVectorsOnRequest == true { members += #","_source":{"exclude_vectors":false}"# }
        if let query { members += #","query":\#(query)"# }
        return members
    }

    private func readsPointsInTime(of identity: ClusterIdentity) -> Bool {
        let capabilities =
            knownCapabilities ?? ClusterCapabilities(identity: identity, overrides: configuration.overrides)
        return capabilities.reader == .pointInTime
    }

    /// What a failed request on a view means: any 404 says that the view is no more.
    func viewError(_ failure: ElasticsearchError, attempting what: String) -> ElasticsearchError {
        guard failure.status == 404, failure.code == .notFound else { return failure }
        return ElasticsearchError(code: .pointInTimeGone, message: failure.message, status: 404)
    }

    private func countingSearch(
        _ view: PointInTime, query: String?, keepAlive: Duration, attempting what: String
    ) throws(ElasticsearchError) -> JSONValue {
        let body = pageSearchBody(view, size: 0, countTotal: true, keepAlive: keepAlive, query: query)
        do throws(ElasticsearchError) {
            return try sendJSON(
                "POST", ElasticsearchClient.pageSearchPath, bytes: .bytes(body), repeatable: true, attempting: what
            ).value
        } catch {
            throw viewError(error, attempting: what)
        }
    }

    /// Demands that all shards answered in time.
    /// - Returns: the number of shards that answered.
    func checkWhole(_ answer: JSONValue, expectedShards: Int?, attempting what: String) throws(ElasticsearchError) -> Int {
        guard let shards = answer["_shards"], let total = shards["total"]?.int, let failed = shards["failed"]?.int else {
            throw malformed("the response does not say how many shards answered", attempting: what)
        }
        guard failed == 0, total > 0, shards["successful"]?.int == total else {
            let reason = shards["failures"]?[0]?["reason"].map { ServerReason(error: $0).text } ?? "no reason given"
            let isGone = reason.contains("search_context_missing_exception")
            throw error(
                isGone ? .pointInTimeGone : .partialResult, "\(failed) of \(total) shards failed (\(reason))", status: 200,
                attempting: what)
        }
        if let expectedShards, total != expectedShards {
            throw error(.partialResult, "\(total) shards answered instead of \(expectedShards)", status: 200, attempting: what)
        }
        // A scroll's page says so of its own size, from Elasticsearch 7 on.
        let isCutShort = answer["terminated_early"]?.bool == true && answer["_scroll_id"] == nil
        guard answer["timed_out"]?.bool == false, !isCutShort else {
            throw error(.partialResult, "the search was cut short", status: 200, attempting: what)
        }
        return total
    }
}
