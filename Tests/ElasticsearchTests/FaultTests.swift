import Foundation
import Runtime
import Synchronization
import Testing

@testable import Elasticsearch

/// What servers do on bad days, played by a stub.
struct FaultTests {
    private let view = PointInTime(id: "v", index: "i", shard: 0, shards: 1, total: 1, openedAt: Date(timeIntervalSince1970: 0))

    @Test(arguments: [
        (
            #"{"_shards":{"total":2,"successful":1,"failed":1},"timed_out":false,"hits":{"hits":[]}}"#,
            ElasticsearchError.Code.partialResult
        ),
        (#"{"_shards":{"total":2,"successful":2,"failed":0},"timed_out":false,"hits":{"hits":[]}}"#, .partialResult),
        (#"{"_shards":{"total":0,"successful":0,"failed":0},"timed_out":false,"hits":{"hits":[]}}"#, .partialResult),
        (#"{"_shards":{"total":1,"successful":1,"failed":0},"timed_out":true,"hits":{"hits":[]}}"#, .partialResult),
        (#"{"_shards":{"total":1,"successful":1,"failed":0},"hits":{"hits":[]}}"#, .partialResult),
        (#"{"timed_out":false,"hits":{"hits":[]}}"#, .malformedResponse),
        (#"{"_shards":{"total":1,"successful":1,"failed":0},"timed_out":false}"#, .malformedResponse),
        (
            #"{"_shards":{"total":1,"successful":1,"failed":0},"timed_out":false,"hits":{"hits":[{"_id":"x","sort":[1]}]}}"#,
            .sourceMissing
        ),
        (
            #"{"_shards":{"total":1,"successful":0,"failed":1,"failures":[{"reason":{"type":"search_context_missing_exception"}}]}}"#,
            .pointInTimeGone
        ),
        ("<html>maintenance</html>", .malformedResponse), ("", .malformedResponse),
    ]) func aPageThatIsNotWholeIsRefused(_ page: String, _ code: ElasticsearchError.Code) throws {
        let server = try StubServer { _ in StubServer.Reply(200, page) }
        let client = try client(server)
        expectFailure(code) { _ = try client.readPage(view, after: nil, size: 10, into: CollectingSink()) }
    }

    @Test func shardsThatFailedAreNoticedBeforeTheFirstDocument() throws {
        let page = #"{"_shards":{"total":2,"successful":1,"failed":1},"timed_out":false,"hits":{"hits":[\#(hit(1))]}}"#
        let server = try StubServer { _ in StubServer.Reply(200, page) }
        let client = try client(server)
        let sink = CollectingSink()
        expectFailure(.partialResult) { _ = try client.readPage(view, after: nil, size: 10, into: sink) }
        #expect(sink.documents.isEmpty)
    }

    @Test func aTruncatedPageIsRefused() throws {
        let page = self.page([hit(1), hit(2)])
        let server = try StubServer { _ in StubServer.Reply(200, page, breakOffAfter: page.utf8.count - 1) }
        let client = try client(server)
        expectFailure(.transport) { _ = try client.readPage(view, after: nil, size: 10, into: CollectingSink()) }
    }

    @Test func moreDocumentsThanAskedForAreRefused() throws {
        let page = self.page([hit(1), hit(2)])
        let server = try StubServer { _ in StubServer.Reply(200, page) }
        let client = try client(server)
        expectFailure(.malformedResponse) { _ = try client.readPage(view, after: nil, size: 1, into: CollectingSink()) }
    }

    @Test(arguments: [
        (
            401, #"{"error":{"type":"security_exception","reason":"wrong"},"status":401}"#, ElasticsearchError.Code.unauthorized,
            false
        ),
        (403, #"{"error":{"type":"security_exception","reason":"no"},"status":403}"#, .forbidden, false),
        (404, #"{"error":{"type":"search_phase_execution_exception","reason":""},"status":404}"#, .pointInTimeGone, false),
        (404, #"{"error":{"type":"index_not_found_exception","reason":"no such index"},"status":404}"#, .indexNotFound, false),
        (429, #"{"error":{"type":"circuit_breaking_exception","reason":"Data too large"}}"#, .circuitBroken, true),
        (
            400,
            #"{"error":{"type":"snapshot_in_progress_exception","reason":"Cannot delete indices that are being snapshotted"}}"#,
            .unavailable, true
        ),
        (429, #"{"error":{"type":"rejected_execution_exception","reason":"full"}}"#, .tooManyRequests, true),
        (503, "upstream not there", .unavailable, true), (302, "", .badRequest, false),
    ]) func statusesAreToldApart(_ status: Int, _ body: String, _ code: ElasticsearchError.Code, _ isRetryable: Bool) throws {
        let server = try StubServer { _ in StubServer.Reply(status, body) }
        let client = try client(server)
        do {
            _ = try client.readPage(view, after: nil, size: 10, into: CollectingSink())
            Issue.record("read")
        } catch let error as ElasticsearchError {
            #expect(error.code == code && error.status == status && error.isRetryable == isRetryable)
            #expect(error.message.contains("shard 0 of index i") && error.message.contains(server.url))
        }
    }

    @Test func theNextPageCarriesTheRawSortAndTheNewestID() throws {
        let page = self.page([#"{"_id":"a","_source":{},"sort":[9223372036854775807, "x"]}"#], id: "v2")
        let server = try StubServer { request in
            StubServer.Reply(200, request.text.contains("search_after") ? self.page([]) : page)
        }
        let client = try client(server)
        let first = try client.readPage(view, after: nil, size: 10, into: CollectingSink())
        #expect(first.viewID == "v2" && first.documents == 1 && first.bytes == page.utf8.count)
        _ = try client.readPage(view, after: first.lastSort, size: 10, into: CollectingSink())
        let bodies = server.requests.map(\.text)
        #expect(!bodies[0].contains("search_after"))
        #expect(bodies[1].contains(#""search_after":[9223372036854775807, "x"]"#))
    }

    @Test func pagesShrinkWhenTheServerIsShortOfMemory() throws {
        let breaker = #"{"error":{"type":"circuit_breaking_exception","reason":"Data too large"}}"#
        let page = page([hit(1)])
        let server = try StubServer {
            let size = (try? JSONValue(parsing: $0.body))?["size"]?.int ?? 0
            return size > 2 ? StubServer.Reply(429, breaker) : StubServer.Reply(200, page)
        }
        let client = try client(server)
        var sizer = PageSizer()
        let sink = CollectingSink()
        #expect(try client.readPage(view, after: nil, sizer: &sizer, into: sink).documents == 1)
        #expect(sink.documents.count == 1)
        #expect(server.requests.count == 3)
    }

    @Test func onlyRefusedItemsAreSentAgain() throws {
        let tries = Atomic<Int>(0)
        let server = try StubServer { request in
            switch tries.add(1, ordering: .relaxed).newValue {
            case 1:
                StubServer.Reply(
                    200,
                    #"{"errors":true,"items":[{"index":{"status":201}},{"index":{"status":429,"error":{"type":"es_rejected","reason":"full"}}},"#
                        + #"{"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"bad"}}},{"index":{"status":503,"error":{"type":"x"}}}]}"#
                )
            case 2: StubServer.Reply(503, "no")
            default: StubServer.Reply(200, #"{"errors":false,"items":[{"index":{"status":201}},{"index":{"status":200}}]}"#)
            }
        }
        let verdict = try load(lines(4), server)
        #expect(verdict.accepted == 3 && verdict.requests == 3)
        #expect(
            verdict.rejected == [
                BulkRejection(
                    ordinal: 2, id: "2", status: 400, type: "mapper_parsing_exception", reason: "mapper_parsing_exception: bad")
            ])
        #expect(server.requests.map(\.text) == [lines(4), line(1) + line(3), line(1) + line(3)])
        #expect(server.requests[0].target.contains("require_alias=true") && server.requests[0].path == "/al/_bulk")
    }

    @Test(arguments: [
        #"{"errors":false,"items":[{"index":{"status":201}}]}"#, #"{"errors":false}"#, "{}", "",
        #"{"errors":true,"items":[{"index":{"status":201}}]}"#, #"{"errors":false,"items":[{"index":{}},{"index":{}}]}"#,
    ]) func aReplyAboutOtherDocumentsIsAnError(_ reply: String) throws {
        let server = try StubServer { _ in StubServer.Reply(200, reply) }
        expectFailure(.malformedResponse) { _ = try load(lines(2), server) }
    }

    @Test func aRefusalHiddenBehindErrorsFalseIsFound() throws {
        let reply = #"{"errors":false,"items":[{"index":{"status":201}},{"index":{"status":400}}]}"#
        let server = try StubServer { _ in StubServer.Reply(200, reply) }
        let verdict = try load(lines(2), server)
        #expect(verdict.accepted == 1 && verdict.rejected.map(\.ordinal) == [1])
    }

    @Test func endlessRefusalIsAnError() throws {
        let server = try StubServer { request in
            let count = request.text.split(separator: "\n").count / 2
            let items = [String](repeating: #"{"index":{"status":429,"error":{"type":"full","reason":"full"}}}"#, count: count)
            return StubServer.Reply(200, #"{"errors":true,"items":[\#(items.joined(separator: ","))]}"#)
        }
        expectFailure(.tooManyRequests) { _ = try load(lines(2), server) }
        #expect(server.requests.count == 4)
    }

    @Test func bodiesThatAreTooBigAreHalved() throws {
        let server = try StubServer { request in
            let count = request.text.split(separator: "\n").count / 2
            guard count == 1 || request.body.count < 60 else { return StubServer.Reply(413, "too big") }
            let isTooBig = request.text.contains(#""_id":"3""#)
            return isTooBig ? StubServer.Reply(413, "too big") : StubServer.Reply(200, accepted(count))
        }
        let verdict = try load(lines(5), server)
        #expect(verdict.accepted == 4 && verdict.rejected.map(\.ordinal) == [3] && verdict.rejected[0].status == 413)
    }

    @Test func aMalformedLineIsFoundAndTheRestIsLoaded() throws {
        let server = try StubServer { request in
            request.text.contains(#""_id":"6""#)
                ? StubServer.Reply(400, #"{"error":{"type":"illegal_argument_exception","reason":"id is too long"}}"#)
                : StubServer.Reply(200, accepted(request.text.split(separator: "\n").count / 2))
        }
        let verdict = try load(lines(10), server)
        #expect(verdict.accepted == 9 && verdict.rejected.map(\.ordinal) == [6])
        #expect(verdict.rejected[0].reason.contains("id is too long"))
    }

    @Test func aRequestThatIsWrongAltogetherEnds() throws {
        let server = try StubServer { _ in StubServer.Reply(400, #"{"error":"unknown parameter"}"#) }
        expectFailure(.badRequest) { _ = try load(lines(1_000), server) }
        #expect(server.requests.count < 100)
    }

    @Test func bodiesKeepTheLimitAndABigDocumentGoesAlone() throws {
        let server = try StubServer { StubServer.Reply(200, accepted($0.text.split(separator: "\n").count / 2)) }
        let big = "{\"index\":{\"_id\":\"big\"}}\n{\"a\":\"\(String(repeating: "x", count: 500))\"}\n"
        let all = lines(3) + big + lines(3)
        let client = try client(server)
        let verdict = try Array(all.utf8).withUnsafeBytes {
            try BulkLoader(client: client, alias: "al", maximumBodyBytes: 100).load($0)
        }
        #expect(verdict.accepted == 7)
        #expect(server.requests.map(\.text).joined() == all)
        #expect(server.requests.map(\.text).filter { $0.utf8.count > 100 } == [big])
    }

    @Test func linesThatEndInTheMiddleAreRefused() throws {
        let server = try StubServer { _ in StubServer.Reply(200, accepted(2)) }
        expectFailure(.badRequest) { _ = try load(lines(2) + "{\"index\":{}}\n", server) }
        expectFailure(.badRequest) { _ = try load(String(lines(2).dropLast()), server) }
        #expect(server.requests.isEmpty)
    }

    @Test func readsAreRepeatedAndWritesOfUnknownOutcomeAreNot() throws {
        let tries = Atomic<Int>(0)
        let server = try StubServer { _ in
            tries.add(1, ordering: .relaxed).newValue < 3 ? StubServer.Reply(503, "busy") : StubServer.Reply(200, #"{"count":5}"#)
        }
        #expect(try client(server).count("i") == 5)
        #expect(server.requests.count == 3)
    }

    @Test func cancellationEndsThePauses() throws {
        let server = try StubServer { _ in StubServer.Reply(503, "busy") }
        let isCancelled = Atomic<Bool>(false)
        let policy = RetryPolicy(retries: 1_000, backoff: Backoff(base: .seconds(3_600), cap: .seconds(3_600)))
        let client = try ElasticsearchClient(
            configuration: ClusterConfiguration(url: server.url), retryPolicy: policy,
            sleep: { _ in isCancelled.store(true, ordering: .relaxed) }, isCancelled: { isCancelled.load(ordering: .relaxed) })
        expectFailure(.cancelled) { _ = try client.count("i") }
    }

    @Test(arguments: [
        (ClusterConfiguration.Credential.basic(user: "elastic", password: Sensitive("pä:ss")), "Basic ZWxhc3RpYzpww6Q6c3M="),
        (.apiKey(Sensitive("aWQ6a2V5")), "ApiKey aWQ6a2V5"), (.bearer(Sensitive("t")), "Bearer t"),
    ]) func credentialsAreSentAndNeverShown(_ credential: ClusterConfiguration.Credential, _ header: String) throws {
        let server = try StubServer { _ in StubServer.Reply(401, "{}") }
        let configuration = ClusterConfiguration(url: server.url + "/", credential: credential)
        let client = try ElasticsearchClient(configuration: configuration)
        expectFailure(.unauthorized) { _ = try client.count("i") }
        #expect(server.requests.first?.headers["authorization"] == header)
        #expect(!"\(configuration)".contains("pä:ss") && !"\(configuration)".contains("aWQ6a2V5"))
    }

    @Test func aServerThatHidesItsRootIsIdentifiedByItsNodes() throws {
        let server = try StubServer { request in
            switch request.path {
            case "/": StubServer.Reply(403, "no")
            case "/_nodes/_all/plugins":
                StubServer.Reply(
                    200,
                    #"{"cluster_name":"c","nodes":{"a":{"version":"2.19.6","modules":[{"opensearch_version":"2.19.6"}]},"b":{"version":"2.9.0"}}}"#
                )
            default: StubServer.Reply(200, #"{"cluster_name":"c","cluster_uuid":"u"}"#)
            }
        }
        let identity = try client(server).identity()
        #expect(identity == ClusterIdentity(name: "c", uuid: "u", version: "2.9.0", distribution: .opensearch))
    }

    @Test func anOldServerWithoutPointInTimeIsNamed() throws {
        let root = #"{"cluster_name":"c","cluster_uuid":"u","version":{"number":"7.9.3"}}"#
        let server = try StubServer { _ in StubServer.Reply(200, root) }
        let client = try client(server)
        expectFailure(.unsupported) { _ = try client.openPointInTime(index: "i", shard: 0, keepAlive: .seconds(60)) }
    }

    private func client(_ server: StubServer) throws -> ElasticsearchClient {
        let policy = RetryPolicy(retries: 3, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(1)))
        return try ElasticsearchClient(configuration: ClusterConfiguration(url: server.url), retryPolicy: policy)
    }

    private func load(_ lines: String, _ server: StubServer) throws -> BulkVerdict {
        let client = try client(server)
        return try Array(lines.utf8).withUnsafeBytes { try BulkLoader(client: client, alias: "al").load($0) }
    }

    private func hit(_ number: Int) -> String { #"{"_id":"\#(number)","_source":{},"sort":[\#(number)]}"# }

    private func page(_ hits: [String], id: String = "v") -> String {
        #"{"pit_id":"\#(id)","_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"timed_out":false,"hits":{"hits":["#
            + hits.joined(separator: ",") + "]}}"
    }
}

private func line(_ number: Int) -> String { "{\"index\":{\"_id\":\"\(number)\"}}\n{}\n" }

private func lines(_ count: Int) -> String { (0..<count).map(line).joined() }

private func accepted(_ count: Int) -> String {
    let items = [String](repeating: #"{"index":{"status":201}}"#, count: count)
    return #"{"errors":false,"items":[\#(items.joined(separator: ","))]}"#
}
