import HTTP
import Runtime

extension ElasticsearchClient {
    /// Reads the next documents of a view in index order and hands each to `sink` as soon as it is complete.
    ///
    /// The sink has had a prefix of the page when this throws: nothing of it may be kept. Memory is one document.
    /// - Parameters:
    ///   - after: `lastSort` of the previous page, as raw text; nil at the beginning.
    ///   - size: at most the index's `max_result_window`. Fewer documents come only at the end, none at the end again.
    /// - Throws: `ElasticsearchError`, `.pointInTimeGone` when the view is lost; or what the sink threw.
    package func readPage(
        _ view: PointInTime, after: String?, size: Int, keepAlive: Duration = .seconds(300), into sink: any HitSink
    ) throws -> PageSummary {
        let what = "read a page of \(view.name)"
        let body = ElasticsearchClient.pageSearchBody(view, after: after, size: size, countTotal: false, keepAlive: keepAlive)
        let request = request("POST", ElasticsearchClient.pageSearchPath, body: .bytes(body), contentType: "application/json")
        var splitter = HitSplitter(sink: sink)
        splitter.willTakeHits = { [self] envelope in
            // Servers name shards and time before the hits, so that most partial pages end before a document is given away.
            if envelope["_shards"] != nil, envelope["timed_out"] != nil {
                _ = try checkWhole(envelope, expectedShards: view.shards, attempting: what)
            }
        }
        do {
            let response = try http.send(request) { try splitter.feed($0) }
            guard response.status == 200 else {
                throw viewError(error(status: response.status, body: response.body, attempting: what), attempting: what)
            }
            let envelope = try splitter.finish()
            _ = try checkWhole(envelope, expectedShards: view.shards, attempting: what)
            guard envelope["hits"] != nil, splitter.documents <= size else {
                throw malformed("the response has no hits, or more than asked for", attempting: what)
            }
            return PageSummary(
                documents: splitter.documents,
                lastSort: splitter.documents == 0 ? nil : String(decoding: splitter.lastSort, as: UTF8.self),
                pointInTimeID: envelope["pit_id"]?.string ?? view.id, bytes: splitter.bytes)
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

    /// Same, with the size that `sizer` says: asks for less when the server is short of memory, and waits when it is busy.
    ///
    /// Only refusals before the first document are repeated, so the sink sees each document once.
    package func readPage(
        _ view: PointInTime, after: String?, sizer: inout PageSizer, keepAlive: Duration = .seconds(300), into sink: any HitSink
    ) throws -> PageSummary {
        var retry = 0
        while true {
            do {
                let page = try readPage(view, after: after, size: sizer.size, keepAlive: keepAlive, into: sink)
                sizer.record(documents: page.documents, bytes: page.bytes)
                return page
            } catch let failure as ElasticsearchError where failure.status == 429 || failure.code == .circuitBroken {
                let isSmaller = sizer.recordRefusal()
                guard failure.status != 200, let pause = pause(beforeRetry: retry) else {
                    throw failure
                }
                try wait(isSmaller ? min(pause, .seconds(1)) : pause, attempting: "read a page of \(view.name)")
                retry += 1
            }
        }
    }
}
