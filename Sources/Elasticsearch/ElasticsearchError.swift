/// Why something asked of a cluster did not happen.
package struct ElasticsearchError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case unauthorized
        case forbidden
        case notFound
        case indexNotFound
        case conflict
        case tooManyRequests
        /// The server refused for lack of memory: ask for less at once.
        case circuitBroken
        /// The view is lost; only a new one helps.
        case pointInTimeGone
        case badRequest
        /// The server lacks a feature that is needed.
        case unsupported
        case unavailable
        /// Some shards failed or the search timed out: the answer is not whole.
        case partialResult
        /// A document has no `_source`, so there is nothing to back up.
        case sourceMissing
        case transport
        case cancelled
        case malformedResponse
        case limitExceeded
    }

    package let code: Code
    /// What was attempted on which index at which host, the server's own reason, and what to do.
    package let message: String
    /// Status of the response that says so, 0 when there was none.
    package let status: Int
    package let isRetryable: Bool

    package init(code: Code, message: String, status: Int = 0, isRetryable: Bool? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.isRetryable = isRetryable ?? code.isUsuallyTransient
    }

    package var description: String { message }
}

extension ElasticsearchError.Code {
    fileprivate var isUsuallyTransient: Bool {
        switch self {
        case .tooManyRequests, .circuitBroken, .unavailable, .partialResult, .transport, .malformedResponse:
            true
        case .unauthorized, .forbidden, .notFound, .indexNotFound, .conflict, .badRequest, .unsupported, .sourceMissing,
            .pointInTimeGone, .cancelled, .limitExceeded:
            false
        }
    }

    /// What the reader of a message can do about it.
    var advice: String {
        switch self {
        case .unauthorized: "check user, password or key in the Secret of the AppBinding"
        case .forbidden: "give the user the privilege that the reason names"
        case .notFound, .indexNotFound: "check that it still exists"
        case .conflict: "something else wrote it first"
        case .tooManyRequests: "the cluster is busy; it is asked again later"
        case .circuitBroken: "the cluster is short of memory; smaller requests or more heap help"
        case .pointInTimeGone: "the view expired or its node restarted; a new view is needed"
        case .badRequest: "the server does not accept the request as it is"
        case .unsupported: "use a server version that has it"
        case .unavailable: "check the cluster's health; it is asked again later"
        case .partialResult: "check that all primary shards are assigned"
        case .sourceMissing: "enable _source in the mapping, or exclude the index"
        case .transport: "check the network between this worker and the cluster"
        case .cancelled: "it was stopped on purpose"
        case .malformedResponse: "check that the address is that of the cluster itself and no proxy alters its answers"
        case .limitExceeded: "raise the limit, or exclude what is too big"
        }
    }
}
