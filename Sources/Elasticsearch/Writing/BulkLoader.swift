import HTTP
import Runtime

/// Posts bulk lines to one destination and answers for every single document.
///
/// Lines go out unchanged, in bodies as big as the gate allows. Documents refused with 429 or 503 are sent again, those alone, with
/// growing pauses; so is a request that failed as a whole. A request that is too big, or that one malformed line spoils, is cut in halves.
/// After a lost reply a `create` action may find its own document: status 409. Blocks; one per client and thread.
package final class BulkLoader {
    /// Takes a refused document: its action line without line feed, and its source. Both are valid during the call alone.
    package typealias RefusedDocument = (BulkRejection, _ action: UnsafeRawBufferPointer, _ source: UnsafeRawBufferPointer) ->
        Void

    private struct Batch {
        /// nil: all of the lines.
        var ordinals: [Int]?
        var count: Int
        var bytes: Int
        var retry = 0
    }

    /// One call of `load`. Where documents begin is looked for only once somebody asks.
    private struct Load {
        let lines: UnsafeRawBufferPointer
        let documents: Int?
        var verdict = BulkVerdict()
        private var known: BulkChunk?

        init(_ lines: UnsafeRawBufferPointer, documents: Int?) {
            self.lines = lines
            self.documents = documents
        }

        mutating func chunk() throws(ElasticsearchError) -> BulkChunk {
            if let known { return known }
            let chunk = try BulkChunk(lines)
            if let documents, documents != chunk.items.count {
                throw ElasticsearchError(
                    code: .badRequest,
                    message: "\(chunk.items.count) documents are to be loaded where \(documents) should be: the part is damaged")
            }
            known = chunk
            return chunk
        }

        mutating func ordinals(of batch: Batch) throws(ElasticsearchError) -> [Int] {
            if let ordinals = batch.ordinals { return ordinals }
            return Array(try chunk().items.indices)
        }
    }

    private let client: ElasticsearchClient
    private let destination: BulkDestination
    private let gate: BulkGate
    /// Some servers resolve an alias in the path before they ask whether it is one: then each action names it.
    private var namesIndexInActions = false

    package init(client: ElasticsearchClient, destination: BulkDestination, gate: BulkGate) {
        self.client = client
        self.destination = destination
        self.gate = gate
    }

    package convenience init(client: ElasticsearchClient, alias: String, maximumBodyBytes: Int = 5_000_000) {
        self.init(client: client, destination: .alias(alias), gate: BulkGate(bodyBytes: maximumBodyBytes))
    }

    /// Loads pairs of action and source lines whose actions are the destination's.
    ///
    /// - Parameters:
    ///   - documents: how many there are, where that is known: then the lines are not looked through unless something is amiss.
    ///   - refused: called for each document that is refused for good.
    /// - Throws: when documents are left that were neither accepted nor refused: loading the same lines again is right then.
    package func load(
        _ lines: UnsafeRawBufferPointer, documents: Int? = nil, refused: RefusedDocument = { _, _, _ in }
    ) throws(ElasticsearchError) -> BulkVerdict {
        var load = Load(lines, documents: documents)
        let count: Int
        if let documents { count = documents } else { count = try load.chunk().items.count }
        var open = count == 0 ? [] : [Batch(ordinals: nil, count: count, bytes: lines.count)]
        while let batch = open.popLast() {
            let limit = gate.bodyBytes
            if batch.bytes > limit, batch.count > 1 {
                let pieces = try cut(batch, limit: limit, of: &load)
                if pieces.count > 1 {
                    open += pieces.reversed()
                    continue
                }
            }
            load.verdict.requests += 1
            let failure: ElasticsearchError
            do throws(ElasticsearchError) {
                let reply = try post(batch, of: &load)
                if let again = try record(reply, batch: batch, of: &load, refused) { open.append(again) }
                continue
            } catch {
                failure = error
            }
            let isTooMuch = failure.status == 413 || failure.status == 400 || failure.code == .circuitBroken
            if isTooMuch, batch.count > 1 {
                let retry = failure.code == .circuitBroken ? try pause(batch, because: failure) : batch.retry
                open += try halves(of: batch, retry: retry, in: &load).reversed()
            } else if failure.status == 413 || failure.status == 400 {
                let ordinal = try load.ordinals(of: batch)[0]
                try reject(
                    ordinal, status: failure.status, type: failure.code.rawValue, reason: failure.message, of: &load, refused)
                try giveUpIfNothingPasses(load.verdict, failure)
            } else {
                var again = batch
                again.retry = try pause(batch, because: failure)
                open.append(again)
            }
        }
        load.verdict.rejected.sort { $0.ordinal < $1.ordinal }
        return load.verdict
    }

    private func cut(_ batch: Batch, limit: Int, of load: inout Load) throws(ElasticsearchError) -> [Batch] {
        let chunk = try load.chunk()
        return chunk.batches(try load.ordinals(of: batch), limit: limit).map {
            Batch(ordinals: $0, count: $0.count, bytes: chunk.size(of: $0), retry: batch.retry)
        }
    }

    private func halves(of batch: Batch, retry: Int, in load: inout Load) throws(ElasticsearchError) -> [Batch] {
        let chunk = try load.chunk()
        let ordinals = try load.ordinals(of: batch)
        let middle = ordinals.count / 2
        return [Array(ordinals[..<middle]), Array(ordinals[middle...])].map {
            Batch(ordinals: $0, count: $0.count, bytes: chunk.size(of: $0), retry: retry)
        }
    }

    private func post(_ batch: Batch, of load: inout Load) throws(ElasticsearchError) -> BulkReply {
        var body = HTTPRequest.Body.borrowed(load.lines)
        if namesIndexInActions {
            body = .bytes(try load.chunk().copy(try load.ordinals(of: batch), namingIndex: destination.name))
        } else if let ordinals = batch.ordinals {
            let chunk = try load.chunk()
            body = chunk.contiguous(ordinals).map { .borrowed($0) } ?? .bytes(chunk.copy(ordinals, namingIndex: nil))
        }
        let reply = try send(body, count: batch.count, bytes: batch.bytes)
        guard case .items(let items) = reply, destination.fence == .alias, !namesIndexInActions,
            items.allSatisfy({ resolvedTheAlias($0) })
        else { return reply }
        namesIndexInActions = true
        return try post(batch, of: &load)
    }

    /// One request through the gate, which learns what became of it.
    private func send(_ body: HTTPRequest.Body, count: Int, bytes: Int) throws(ElasticsearchError) -> BulkReply {
        let query = "\(destination.query)&filter_path=errors,items.*.status,items.*.error"
        let path = namesIndexInActions ? "/_bulk?\(query)" : "/\(percentEncoded(destination.name))/_bulk?\(query)"
        guard let begun = gate.begin(isCancelled: client.isCancelled) else {
            throw ElasticsearchError(code: .cancelled, message: "cannot \(destination.what): cancelled")
        }
        do throws(ElasticsearchError) {
            let response = try client.send(
                "POST", path, body: body, contentType: "application/x-ndjson", attempting: destination.what)
            guard let reply = BulkReply(response.body, count: count) else {
                throw client.malformed("the reply is not about \(count) documents", attempting: destination.what)
            }
            gate.end(bytes: bytes, refusal: reply.isPutOff ? .busy : nil, begun: begun)
            return reply
        } catch {
            let refusal = error.refusal
            // That one document is too big says nothing about bodies of many.
            gate.end(
                bytes: refusal == .tooLarge ? bytes : 0, refusal: refusal == .tooLarge && count == 1 ? nil : refusal, begun: begun
            )
            throw error
        }
    }

    /// The refusal names the index behind the alias instead of the alias.
    private func resolvedTheAlias(_ item: BulkReply.Item) -> Bool {
        guard item.status == 404, let reason = item.error?["reason"]?.string else { return false }
        return reason.contains("is not an alias") && !reason.contains("[\(destination.name)] is not an alias")
    }

    /// - Returns: what must be sent again, after the pause it needs.
    private func record(
        _ reply: BulkReply, batch: Batch, of load: inout Load, _ refused: RefusedDocument
    ) throws(ElasticsearchError) -> Batch? {
        guard case .items(let items) = reply else {
            load.verdict.accepted += batch.count
            return nil
        }
        var again: [Int] = []
        var lastReason = ""
        for (ordinal, item) in zip(try load.ordinals(of: batch), items) {
            if item.isAccepted {
                load.verdict.accepted += 1
            } else if item.status == 409, destination.action == .create {
                load.verdict.alreadyThere += 1
            } else if item.isPutOff {
                again.append(ordinal)
                lastReason = "\(item.status) \(item.reason?.text ?? "")"
            } else {
                let reason = item.reason
                try reject(
                    ordinal, status: item.status, type: reason?.type ?? "", reason: reason?.text ?? "no reason given", of: &load,
                    refused)
            }
        }
        guard !again.isEmpty else { return nil }
        // A try that got something done does not count: what is left gets fewer each time.
        let retry = again.count < batch.count ? max(0, batch.retry - 1) : batch.retry
        let failure = client.error(
            .tooManyRequests, "\(again.count) documents were refused to the last (\(lastReason))", status: 429,
            attempting: destination.what)
        var left = Batch(ordinals: again, count: again.count, bytes: try load.chunk().size(of: again), retry: retry)
        left.retry = try pause(left, because: failure)
        return left
    }

    /// Waits before a batch is sent again.
    /// - Returns: the number of its next retry.
    private func pause(_ batch: Batch, because failure: ElasticsearchError) throws(ElasticsearchError) -> Int {
        guard failure.isRetryable,
            let pause = client.pause(beforeRetry: batch.retry)
        else { throw failure }
        try client.wait(pause, attempting: destination.what)
        return batch.retry + 1
    }

    private func reject(
        _ ordinal: Int, status: Int, type: String, reason: String, of load: inout Load, _ refused: RefusedDocument
    ) throws(ElasticsearchError) {
        let chunk = try load.chunk()
        let rejection = BulkRejection(ordinal: ordinal, id: chunk.id(of: ordinal), status: status, type: type, reason: reason)
        load.verdict.rejected.append(rejection)
        let document = chunk.document(ordinal)
        refused(rejection, document.action, document.source)
    }

    /// Whole requests refused one document after the other, with nothing accepted, mean that the request is wrong.
    private func giveUpIfNothingPasses(_ verdict: BulkVerdict, _ failure: ElasticsearchError) throws(ElasticsearchError) {
        if verdict.accepted + verdict.alreadyThere == 0, verdict.rejected.count >= 32, failure.status == 400 { throw failure }
    }
}

extension ElasticsearchError {
    /// What it says about the pace; nil: nothing.
    fileprivate var refusal: BulkPace.Refusal? {
        if status == 413 { return .tooLarge }
        switch code {
        case .circuitBroken: return .memory
        case .tooManyRequests: return .busy
        case .unavailable: return status == 504 ? .timeout : .busy
        case .transport: return .timeout
        default: return nil
        }
    }
}
