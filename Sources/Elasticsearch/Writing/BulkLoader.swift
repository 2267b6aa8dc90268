import HTTP
import Runtime

/// Posts bulk lines through an alias and answers for every single document.
///
/// Lines go out unchanged. Documents refused with 429 or 503 are sent again, those alone, with growing pauses; so is a request
/// that failed as a whole. A request that is too big, or that one malformed line spoils, is cut in halves. After a lost reply a
/// `create` action may find its own document: status 409. Blocks; one per client and thread.
package final class BulkLoader {
    private struct Batch {
        var ordinals: [Int]
        var retry = 0
    }

    private let client: ElasticsearchClient
    private let alias: String
    private let maximumBodyBytes: Int
    /// Some servers resolve an alias in the path before they ask whether it is one: then each action names it.
    private var namesIndexInActions = false

    /// Loads into a data stream by `create`, and an empty pipeline stands for the alias as a fence: without it no document is taken.
    private let fencePipeline: String?

    /// - Parameters:
    ///   - alias: or the name of a data stream, with `fencePipeline`.
    package init(
        client: ElasticsearchClient, alias: String, fencePipeline: String? = nil, maximumBodyBytes: Int = 5_000_000
    ) {
        self.client = client
        self.alias = alias
        self.fencePipeline = fencePipeline
        self.maximumBodyBytes = maximumBodyBytes
    }

    /// Loads pairs of action and source lines (`index` or `create` actions).
    ///
    /// - Throws: when documents are left that were neither accepted nor refused: loading the same lines again is right then.
    package func load(_ lines: UnsafeRawBufferPointer) throws(ElasticsearchError) -> BulkVerdict {
        let chunk = try BulkChunk(lines)
        var verdict = BulkVerdict()
        var open = chunk.batches(limit: maximumBodyBytes).reversed().map { Batch(ordinals: $0) }
        while let batch = open.popLast() {
            verdict.requests += 1
            let failure: ElasticsearchError
            do throws(ElasticsearchError) {
                let items = try post(batch.ordinals, of: chunk)
                if let again = try record(items, batch: batch, chunk: chunk, in: &verdict) { open.append(again) }
                continue
            } catch {
                failure = error
            }
            let isTooMuch = failure.status == 413 || failure.status == 400 || failure.code == .circuitBroken
            if isTooMuch, batch.ordinals.count > 1 {
                let middle = batch.ordinals.count / 2
                let retry = failure.code == .circuitBroken ? try pause(batch, because: failure) : batch.retry
                open.append(Batch(ordinals: Array(batch.ordinals[middle...]), retry: retry))
                open.append(Batch(ordinals: Array(batch.ordinals[..<middle]), retry: retry))
            } else if failure.status == 413 || failure.status == 400 {
                reject(
                    batch.ordinals[0], status: failure.status, type: failure.code.rawValue, reason: failure.message, chunk,
                    &verdict)
                try giveUpIfNothingPasses(verdict, failure)
            } else {
                open.append(Batch(ordinals: batch.ordinals, retry: try pause(batch, because: failure)))
            }
        }
        verdict.rejected.sort { $0.ordinal < $1.ordinal }
        return verdict
    }

    /// Items one by one; nil when all were accepted.
    private func post(_ ordinals: [Int], of chunk: BulkChunk) throws(ElasticsearchError) -> [BulkReply.Item]? {
        let body: HTTPRequest.Body =
            if fencePipeline != nil {
                .bytes(chunk.creating(ordinals))
            } else if !namesIndexInActions, let bytes = chunk.contiguous(ordinals) {
                .borrowed(bytes)
            } else {
                .bytes(chunk.copy(ordinals, namingIndex: namesIndexInActions ? alias : nil))
            }
        let fence = fencePipeline.map { "pipeline=\(percentEncoded($0))" } ?? "require_alias=true&pipeline=_none"
        let query = "\(fence)&filter_path=errors,items.*.status,items.*.error"
        let path = namesIndexInActions ? "/_bulk?\(query)" : "/\(percentEncoded(alias))/_bulk?\(query)"
        let response = try client.send("POST", path, body: body, contentType: "application/x-ndjson", attempting: what)
        guard let reply = BulkReply(response.body, count: ordinals.count) else {
            throw client.malformed("the reply is not about \(ordinals.count) documents", attempting: what)
        }
        guard case .items(let items) = reply else { return nil }
        if fencePipeline == nil, !namesIndexInActions, items.allSatisfy({ resolvedTheAlias($0) }) {
            namesIndexInActions = true
            return try post(ordinals, of: chunk)
        }
        return items
    }

    private var what: String { "load documents through alias \(alias)" }

    /// The refusal names the index behind the alias instead of the alias.
    private func resolvedTheAlias(_ item: BulkReply.Item) -> Bool {
        guard item.status == 404, let reason = item.error?["reason"]?.string else { return false }
        return reason.contains("is not an alias") && !reason.contains("[\(alias)] is not an alias")
    }

    /// - Returns: what must be sent again, after the pause it needs.
    private func record(
        _ items: [BulkReply.Item]?, batch: Batch, chunk: BulkChunk, in verdict: inout BulkVerdict
    ) throws(ElasticsearchError) -> Batch? {
        guard let items else {
            verdict.accepted += batch.ordinals.count
            return nil
        }
        var again: [Int] = []
        var lastReason = ""
        for (ordinal, item) in zip(batch.ordinals, items) {
            // A stream's document that is there came with an earlier try: its generation is this restore's own.
            if (200..<300).contains(item.status) && item.error == nil || fencePipeline != nil && item.status == 409 {
                verdict.accepted += 1
                continue
            }
            let reason = item.error.map { ServerReason(error: $0) }
            if isTransient(item.status, reason) {
                again.append(ordinal)
                lastReason = "\(item.status) \(reason?.text ?? "")"
            } else {
                reject(
                    ordinal, status: item.status, type: reason?.type ?? "", reason: reason?.text ?? "no reason given", chunk,
                    &verdict)
            }
        }
        guard !again.isEmpty else { return nil }
        // A try that got something done does not count: what is left gets fewer each time.
        let retry = again.count < batch.ordinals.count ? max(0, batch.retry - 1) : batch.retry
        let failure = client.error(
            .tooManyRequests, "\(again.count) documents were refused to the last (\(lastReason))", status: 429, attempting: what)
        return Batch(ordinals: again, retry: try pause(Batch(ordinals: again, retry: retry), because: failure))
    }

    private func isTransient(_ status: Int, _ reason: ServerReason?) -> Bool {
        // A mapping update that the busy master did not confirm in time comes as 500 or 503.
        status == 429 || status == 503
            || (status >= 500 && reason?.types.contains("process_cluster_event_timeout_exception") == true)
    }

    /// Waits before a batch is sent again.
    /// - Returns: the number of its next retry.
    private func pause(_ batch: Batch, because failure: ElasticsearchError) throws(ElasticsearchError) -> Int {
        guard failure.isRetryable,
            let pause = client.pause(beforeRetry: batch.retry)
        else { throw failure }
        try client.wait(pause, attempting: what)
        return batch.retry + 1
    }

    private func reject(
        _ ordinal: Int, status: Int, type: String, reason: String, _ chunk: BulkChunk, _ verdict: inout BulkVerdict
    ) {
        let id = chunk.id(of: ordinal)
        verdict.rejected.append(BulkRejection(ordinal: ordinal, id: id, status: status, type: type, reason: reason))
    }

    /// Whole requests refused one document after the other, with nothing accepted, mean that the request is wrong.
    private func giveUpIfNothingPasses(_ verdict: BulkVerdict, _ failure: ElasticsearchError) throws(ElasticsearchError) {
        if verdict.accepted == 0, verdict.rejected.count >= 32, failure.status == 400 { throw failure }
    }
}
