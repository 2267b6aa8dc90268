import HTTP
import Runtime

/// A walk over one shard, or a whole index, where the server has no points in time. No page of it can be read twice.
package struct Scroll: Sendable, Equatable {
    /// The newest id that the server gave.
    package var id: String
    package let index: String
    /// nil: all shards.
    package let shard: Int?
    /// Shards that every answer must come from.
    package let shards: Int

    package init(id: String, index: String, shard: Int?, shards: Int) {
        self.id = id
        self.index = index
        self.shard = shard
        self.shards = shards
    }

    fileprivate var name: String { shard.map { "shard \($0) of index \(index)" } ?? "index \(index)" }
}

extension ElasticsearchClient {
    /// Opens a scroll and reads its first page, of which the summary has the scroll's id and its total.
    ///
    /// All pages have the size of the first: a few documents are read before it to find out which suits. Asks for less when the server is
    /// short of memory.
    /// - Parameters:
    ///   - scroll: with an empty id.
    ///   - sizer: what it says is the size of every page.
    /// - Throws: as `readPage`; the sink may have had a prefix of the page then.
    package func openScroll(
        _ scroll: Scroll, sizer: inout PageSizer, keepAlive: Duration, query: String?, into sink: any HitSink
    ) throws -> PageSummary {
        let what = "open a scroll of \(scroll.name)"
        if let bytes = try documentBytes(in: scroll, count: sizer.size, query: query) { sizer.expect(bytesPerDocument: bytes) }
        let page = try withSmallerPages(&sizer, of: scroll.name) { size in
            try readHits(
                of: search(scroll, size: size, query: query, keepAlive: keepAlive), size: size, expectedShards: scroll.shards,
                viewID: "", into: sink, attempting: what)
        }
        guard !page.viewID.isEmpty, page.total != nil else {
            throw malformed("the response has no id or no total", attempting: what)
        }
        return page
    }

    /// Bytes of a document on average, of the first few; nil when there is none.
    /// - Parameter count: no more than the index's `max_result_window`.
    private func documentBytes(in scroll: Scroll, count: Int, query: String?) throws -> Int? {
        let sample = try readHits(
            of: search(scroll, size: count, query: query, keepAlive: nil), size: count, expectedShards: scroll.shards,
            viewID: "", into: NoSink(), attempting: "look at documents of \(scroll.name)")
        return sample.documents == 0 ? nil : sample.bytes / sample.documents
    }

    /// - Parameter keepAlive: of the scroll that the search opens; nil opens none.
    private func search(_ scroll: Scroll, size: Int, query: String?, keepAlive: Duration?) -> HTTPRequest {
        let body = #"{"size":\#(size),"track_total_hits":true,\#(documentsInOrder(query: query))}"#
        var path = "/\(percentEncoded(scroll.index))/_search?allow_partial_search_results=false"
        if let keepAlive { path += "&scroll=\(keepAlive.elasticsearchText)" }
        if let shard = scroll.shard { path += "&preference=_shards:\(shard)" }
        return request("POST", path, body: .bytes(Array(body.utf8)), contentType: "application/json")
    }

    /// Reads the next page; an empty one is the end.
    ///
    /// Never sent twice: whether the server went on to the next page cannot be known after a failure.
    /// - Throws: as `readPage`, `.pointInTimeGone` for a scroll that the server knows no more.
    package func readPage(
        _ scroll: Scroll, pageLimit: Int, keepAlive: Duration, into sink: any HitSink
    ) throws -> PageSummary {
        let id = JSONValue.string(scroll.id).serialized()
        let body = #"{"scroll":"\#(keepAlive.elasticsearchText)","scroll_id":\#(id)}"#
        return try readHits(
            of: request("POST", "/_search/scroll", body: .bytes(Array(body.utf8)), contentType: "application/json"),
            size: pageLimit, expectedShards: scroll.shards, viewID: scroll.id, into: sink,
            attempting: "read a page of \(scroll.name)")
    }

    /// Gives a scroll back. One that is gone already is fine.
    package func clearScroll(_ id: String) throws(ElasticsearchError) {
        _ = try sendJSON(
            "DELETE", "/_search/scroll", body: ["scroll_id": [.string(id)]], allowing: [404], attempting: "clear a scroll")
    }

    /// Counts the documents that match a query.
    ///
    /// - Returns: also the shards that answered.
    package func countDocuments(
        in index: String, shard: Int? = nil, query: String? = nil
    ) throws(ElasticsearchError) -> (documents: Int, shards: Int) {
        let what = "count the documents of index \(index)"
        let preference = shard.map { "?preference=_shards:\($0)" } ?? ""
        let body = query.map { HTTPRequest.Body.bytes(Array(#"{"query":\#($0)}"#.utf8)) } ?? .none
        let path = "/\(percentEncoded(index))/_count\(preference)"
        let answer = try sendJSON(query == nil ? "GET" : "POST", path, bytes: body, repeatable: true, attempting: what).value
        guard let count = answer["count"]?.int else { throw malformed("the response has no count", attempting: what) }
        if let failed = answer[path: ["_shards", "failed"]]?.int, failed > 0 {
            throw error(.partialResult, "\(failed) shards failed", status: 200, attempting: what)
        }
        return (count, answer[path: ["_shards", "total"]]?.int ?? 1)
    }
}

/// For documents of which only the size counts.
private final class NoSink: HitSink {
    func take(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, sort: UnsafeRawBufferPointer
    ) {}
}
