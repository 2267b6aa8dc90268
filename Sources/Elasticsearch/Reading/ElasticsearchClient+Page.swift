import HTTP
import Runtime

extension ElasticsearchClient {
    /// Reads the next documents of a view in index order and hands each to `sink` as soon as it is complete.
    ///
    /// The sink has had a prefix of the page when this throws: nothing of it may be kept. Memory is one document.
    /// - Parameters:
    ///   - after: `lastSort` of the previous page, as raw text; nil at the beginning.
    ///   - size: at most the index's `max_result_window`. Fewer documents come only at the end, none at the end again.
    ///   - query: JSON that documents must match, the same for every page; nil takes all.
    /// - Throws: `ElasticsearchError`, `.pointInTimeGone` when the view is lost; or what the sink threw.
    package func readPage(
        _ view: PointInTime, after: String?, size: Int, keepAlive: Duration = .seconds(300), query: String? = nil,
        into sink: any HitSink
    ) throws -> PageSummary {
        let body = pageSearchBody(view, after: after, size: size, countTotal: false, keepAlive: keepAlive, query: query)
        let request = request("POST", ElasticsearchClient.pageSearchPath, body: .bytes(body), contentType: "application/json")
        return try readHits(
            of: request, size: size, expectedShards: view.shards, viewID: view.id, after: after, into: sink,
            attempting: "read a page of \(view.name)")
    }

    /// Sends a search and hands over its hits while they arrive. Those of one shard must come in its order, each once.
    ///
    /// - Parameters:
    ///   - viewID: to go on with where the answer names no newer one.
    ///   - after: raw sort values of the hit before the page, where they are known.
    func readHits(
        of request: HTTPRequest, size: Int, expectedShards: Int, viewID: String, after: String? = nil, into sink: any HitSink,
        attempting what: String
    ) throws -> PageSummary {
        var splitter = HitSplitter(sink: sink, order: expectedShards == 1 ? HitOrder(after: after) : nil)
        splitter.willTakeHits = { [self] envelope in
            // Servers name shards and time before the hits, so that most partial pages end before a document is given away.
            if envelope["_shards"] != nil, envelope["timed_out"] != nil {
                _ = try checkWhole(envelope, expectedShards: expectedShards, attempting: what)
            }
        }
        do {
            let response = try http.send(request) { try splitter.feed($0) }
            guard response.status == 200 else {
                throw viewError(error(status: response.status, body: response.body, attempting: what), attempting: what)
            }
            let envelope = try splitter.finish()
            _ = try checkWhole(envelope, expectedShards: expectedShards, attempting: what)
            guard envelope["hits"] != nil, splitter.documents <= size else {
                throw malformed("the response has no hits, or more than asked for", attempting: what)
            }
            return PageSummary(
                documents: splitter.documents,
                lastSort: splitter.documents == 0 ? nil : String(decoding: splitter.lastSort, as: UTF8.self),
                viewID: envelope["pit_id"]?.string ?? envelope["_scroll_id"]?.string ?? viewID, bytes: splitter.bytes,
                total: ElasticsearchClient.exactTotal(of: envelope))
        } catch let failure as HTTPError {
            throw error(failure, attempting: what)
        } catch let failure as SplitError {
            let code: ElasticsearchError.Code =
                switch failure.kind {
                case .malformed: .malformedResponse
                case .limit: .limitExceeded
                case .sourceMissing: .sourceMissing
                }
            throw error(code, failure.message, attempting: what)
        }
    }

    /// `hits.total` where it is no lower bound; nil where the search did not count.
    static func exactTotal(of answer: JSONValue) -> Int? {
        guard let total = answer[path: ["hits", "total"]], total["relation"]?.string ?? "eq" == "eq" else { return nil }
        return total["value"]?.int
    }

    /// Same, with the size that `sizer` says: asks for less when the server is short of memory, and waits when it is busy.
    ///
    /// Only refusals before the first document are repeated, so the sink sees each document once.
    package func readPage(
        _ view: PointInTime, after: String?, sizer: inout PageSizer, keepAlive: Duration = .seconds(300), query: String? = nil,
        into sink: any HitSink
    ) throws -> PageSummary {
        try withSmallerPages(&sizer, of: view.name) { size in
            try readPage(view, after: after, size: size, keepAlive: keepAlive, query: query, into: sink)
        }
    }

    /// Repeats a page's request, smaller or later, while the server refuses it before the first document.
    func withSmallerPages(
        _ sizer: inout PageSizer, of name: String, read: (_ size: Int) throws -> PageSummary
    ) throws -> PageSummary {
        var retry = 0
        while true {
            do {
                let page = try read(sizer.size)
                sizer.record(documents: page.documents, bytes: page.bytes)
                return page
            } catch let failure as ElasticsearchError where failure.status == 429 || failure.code == .circuitBroken {
                let isSmaller = sizer.recordRefusal()
                guard failure.status != 200, let pause = pause(beforeRetry: retry) else {
                    throw failure
                }
                try wait(isSmaller ? min(pause, .seconds(1)) : pause, attempting: "read a page of \(name)")
                retry += 1
            }
        }
    }
}
