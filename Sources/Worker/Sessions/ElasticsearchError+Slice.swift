import Elasticsearch

extension ElasticsearchError {
    /// Whether other slices may fare better: the engine answers, but not with these documents.
    var concernsSliceAlone: Bool {
        // A block of one index comes as 403, its shards without a node as 503: not what a wrong login or an absent cluster looks like.
        let ofIndex = ["cluster_block_exception", "no_shard_available_action_exception"]
        if ofIndex.contains(where: message.contains) { return true }
        switch code {
        case .partialResult, .indexNotFound, .notFound, .sourceMissing, .pointInTimeGone, .circuitBroken, .limitExceeded,
            .badRequest, .malformedResponse:
            return true
        case .unauthorized, .forbidden, .conflict, .tooManyRequests, .unsupported, .unavailable, .transport, .cancelled:
            return false
        }
    }
}
