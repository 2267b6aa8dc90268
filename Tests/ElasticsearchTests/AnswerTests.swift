import Foundation
import Runtime
import Synchronization
import Testing

@testable import Elasticsearch

/// Answers that look like ones and are none.
struct AnswerTests {
    private func view(shards: Int) -> PointInTime {
        PointInTime(
            id: "v", index: "i", shard: shards == 1 ? 0 : nil, shards: shards, total: 2, openedAt: Date(timeIntervalSince1970: 0))
    }

    private func client(_ server: StubServer) throws -> ElasticsearchClient {
        let policy = RetryPolicy(retries: 3, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(1)))
        return try ElasticsearchClient(configuration: ClusterConfiguration(url: server.url), retryPolicy: policy)
    }

    /// Reads a page whose hits have those sort values.
    private func read(_ sorts: [String], after: String?, shards: Int = 1) throws -> Int {
        let hits = sorts.enumerated().map { #"{"_id":"\#($0)","_source":{},"sort":\#($1)}"# }.joined(separator: ",")
        let counts = #""_shards":{"total":\#(shards),"successful":\#(shards),"failed":0}"#
        let server = try StubServer { _ in
            StubServer.Reply(200, #"{"pit_id":"v",\#(counts),"timed_out":false,"hits":{"hits":[\#(hits)]}}"#)
        }
        return try client(server).readPage(view(shards: shards), after: after, size: 10, into: CollectingSink()).documents
    }

    /// One document in place of another: the count of such a page is right.
    @Test(
        arguments: [
            (["[3]", "[3]"], nil), (["[3,3]", "[2,2]"], nil), (["[3]", "[4]"], "[3]"), (["[3,3]", "[4,4]"], "[7,7]"),
        ] as [([String], String?)])
    func aDocumentThatComesTwiceOrOutOfOrderIsRefused(_ sorts: [String], _ after: String?) throws {
        expectFailure(.malformedResponse) { _ = try read(sorts, after: after) }
    }

    @Test(
        arguments: [
            (["[3]", "[4]"], "[2]"), ([#"["a"]"#, #"["a"]"#], nil), (["[-1]", "[-2]"], nil),
            (["[3]", "[4]"], "[18446744073709551615]"),
            (["[3]", "[4]"], "[5"),
        ] as [([String], String?)])
    func valuesThatRiseOrSayNothingOfAPlaceAreTaken(_ sorts: [String], _ after: String?) throws {
        #expect(try read(sorts, after: after) == 2)
    }

    /// Documents of several shards have the same places.
    @Test func theOrderOfAWholeIndexIsFree() throws { #expect(try read(["[3]", "[3]"], after: "[3]", shards: 2) == 2) }

    /// A proxy that answers by itself has not asked the engine: nothing was written or deleted.
    @Test func aPageOfAProxyIsNoSuccess() throws {
        let server = try StubServer { _ in StubServer.Reply(200, "<html>Please log in</html>") }
        let client = try client(server)
        expectFailure(.malformedResponse) { _ = try client.createDocument(index: "i", id: "a", body: Array("{}".utf8)) }
        expectFailure(.malformedResponse) { try client.deleteIndex("i") }
        expectFailure(.malformedResponse) { _ = try client.countDocuments(in: "i") }
    }

    /// What a refusal says decides what happens next, so one that breaks off is asked for again.
    @Test func aRefusalThatBreaksOffIsNone() throws {
        let whole = #"{"error":{"type":"resource_already_exists_exception","reason":"there"},"status":400}"#
        let tries = Atomic<Int>(0)
        let server = try StubServer { _ in
            StubServer.Reply(400, tries.add(1, ordering: .relaxed).newValue == 1 ? String(whole.prefix(40)) : whole)
        }
        try client(server).ensureJournalIndex("j")
        #expect(tries.load(ordering: .relaxed) == 2)
    }
}
