import AMQP
import Archive
import Elasticsearch
import HTTP
import Runtime
import Testing

@testable import Worker

/// What an error means for the message in hand: tried again, or the session's end.
@Suite struct FailureKindTests {
    @Test(
        arguments: [
            (.refused, .permanent), (.missingHere, .retry), (.abandoned, .abandon), (.sessionEnded, .ended),
            (.deadlineExceeded, .deadline),
        ] as [(WorkerError.Code, FailureKind)])
    func theWorkersOwnErrors(code: WorkerError.Code, kind: FailureKind) {
        #expect(FailureKind(WorkerError(code, "m")) == kind)
    }

    @Test(
        arguments: [
            (.noSpace, .retry), (.unreachable, .retry), (.exhausted, .retry), (.notFound, .permanent), (.exists, .permanent),
            (.accessDenied, .retry), (.corrupt, .permanent), (.invalid, .permanent), (.unsupported, .permanent),
        ] as [(ArchiveError.Code, FailureKind)])
    func theRepositorysErrors(code: ArchiveError.Code, kind: FailureKind) {
        #expect(FailureKind(ArchiveError(code, "m")) == kind)
    }

    @Test(
        arguments: [
            (.transport, .retry), (.unavailable, .retry), (.tooManyRequests, .retry), (.circuitBroken, .retry),
            (.partialResult, .retry),
            (.malformedResponse, .retry), (.cancelled, .abandon), (.unauthorized, .permanent), (.forbidden, .permanent),
            (.indexNotFound, .permanent), (.badRequest, .permanent), (.sourceMissing, .permanent), (.limitExceeded, .permanent),
            (.unsupported, .permanent),
        ] as [(ElasticsearchError.Code, FailureKind)])
    func theEnginesErrors(code: ElasticsearchError.Code, kind: FailureKind) {
        #expect(FailureKind(ElasticsearchError(code: code, message: "m")) == kind)
    }

    @Test func theServersWordOutweighsTheUsualMeaning() {
        #expect(FailureKind(ElasticsearchError(code: .badRequest, message: "m", isRetryable: true)) == .retry)
        #expect(FailureKind(RuntimeError(code: .threadUnavailable, message: "m", isRetryable: true)) == .retry)
        #expect(FailureKind(RuntimeError(code: .threadUnavailable, message: "m")) == .permanent)
    }

    @Test func aShutdownIsNoFailureAndTheUnknownIsOne() {
        struct Unknown: Error {}
        #expect(FailureKind(CancellationError()) == .abandon)
        #expect(FailureKind(Unknown()) == .permanent)
    }
}
