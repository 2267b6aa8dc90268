import Foundation
import Runtime
import Synchronization
import Testing

@testable import Elasticsearch

/// Reading where there is no point in time.
struct ScrollTests {
    private let scroll = Scroll(id: "", index: "i", shard: 1, shards: 1)

    /// Elasticsearch 7 has nothing else; the others can do it too.
    static var urls: [String] {
        TestEngine.faithful.compactMap(\.url) + [TestEngine.elasticsearch7].compactMap { $0 }
    }

    @Test(.enabled(if: !urls.isEmpty || TestEngine.isCI), arguments: urls)
    func scrollsOfAllShardsGiveEachDocumentOnce(_ url: String) throws {
        let client = try ElasticsearchClient(configuration: ClusterConfiguration(url: url))
        let index = ScratchIndex(client)
        let definition = IndexDefinition(
            name: index.name, uuid: "", numberOfShards: 3, settings: ["index.number_of_shards": "3"],
            mappings: ["properties": ["n": ["type": "integer"]]])
        _ = try client.createIndex(index.name, definition: definition, loadAlias: "\(index.name)-load")
        var lines = ""
        for number in 0..<5000 {
            let routing = number % 5 == 0 ? #","routing":"r\#(number % 7)""# : ""
            lines += "{\"index\":{\"_id\":\"\(number)\"\(routing)}}\n{\"n\":\(number % 10), \"s\":1.50e0}\n"
        }
        let verdict = try Array(lines.utf8).withUnsafeBytes {
            try BulkLoader(client: client, alias: "\(index.name)-load").load($0)
        }
        #expect(verdict.accepted == 5000)
        try client.refresh(index.name)
        for (query, expected) in [(nil, 5000), (#"{"term":{"n":3}}"#, 500)] as [(String?, Int)] {
            let sink = CollectingSink()
            var total = 0
            for shard in 0..<3 {
                var scroll = Scroll(id: "", index: index.name, shard: shard, shards: 1)
                var sizer = PageSizer(maximum: 300)
                let first = try client.openScroll(scroll, sizer: &sizer, keepAlive: .seconds(60), query: query, into: sink)
                let counted = try client.countDocuments(in: index.name, shard: shard, query: query)
                #expect(first.total == counted.documents && counted.shards == 1)
                total += try #require(first.total)
                scroll.id = first.viewID
                while try client.readPage(scroll, pageLimit: 300, keepAlive: .seconds(60), into: sink).documents > 0 {}
                try client.clearScroll(scroll.id)
                try client.clearScroll(scroll.id)
                expectFailure(.pointInTimeGone) {
                    _ = try client.readPage(scroll, pageLimit: 300, keepAlive: .seconds(60), into: sink)
                }
            }
            #expect(total == expected && sink.documents.count == expected)
            #expect(Set(sink.documents.map(\.id)).count == expected)
            #expect(sink.documents.allSatisfy { String(decoding: $0.source, as: UTF8.self).hasSuffix(#", "s":1.50e0}"#) })
        }
    }

    @Test func aPageIsNeverAskedForTwice() throws {
        let server = try StubServer { _ in StubServer.Reply(503, "{}") }
        let client = try client(server)
        var scroll = scroll
        scroll.id = "s"
        expectFailure(.unavailable) {
            _ = try client.readPage(scroll, pageLimit: 10, keepAlive: .seconds(60), into: CollectingSink())
        }
        #expect(server.requests.map(\.text) == [#"{"scroll":"60000ms","scroll_id":"s"}"#])
    }

    @Test func theFirstPageAsksForOneShardAndSuitsTheDocuments() throws {
        let server = try StubServer { request in
            let isOpening = request.target.contains("scroll=")
            return StubServer.Reply(200, page(isOpening ? 1 : 2, bytes: 50_000, id: isOpening ? "s1" : nil))
        }
        var sizer = PageSizer(maximum: 2000, targetBytes: 1_000_000)
        let opened = try client(server).openScroll(
            scroll, sizer: &sizer, keepAlive: .seconds(60), query: #"{"match_all":{}}"#, into: CollectingSink())
        #expect(opened.viewID == "s1" && opened.total == 1)
        #expect(server.requests.count == 2, "a sample and the scroll")
        let opening = try #require(server.requests.last)
        #expect(opening.path == "/i/_search")
        #expect(opening.target.contains("preference=_shards:1") && opening.target.contains("allow_partial_search_results=false"))
        #expect(opening.text.contains(#""size":19,"#) && opening.text.contains(#""query":{"match_all":{}}"#), "\(opening.text)")
    }

    @Test func aServerShortOfMemoryIsAskedForLess() throws {
        let refusals = Mutex(2)
        let server = try StubServer { request in
            guard request.target.contains("scroll=") else { return StubServer.Reply(200, page(1, bytes: 10)) }
            let isRefused = refusals.withLock { left in
                left -= 1
                return left >= 0
            }
            return isRefused
                ? StubServer.Reply(429, #"{"error":{"type":"circuit_breaking_exception","reason":"Data too large"}}"#)
                : StubServer.Reply(200, page(0, bytes: 0, id: "s"))
        }
        var sizer = PageSizer(maximum: 1000)
        _ = try client(server).openScroll(scroll, sizer: &sizer, keepAlive: .seconds(60), query: nil, into: CollectingSink())
        let sizes = server.requests.map { String($0.text.prefix { $0 != "," }) }
        #expect(sizes == [#"{"size":10"#, #"{"size":1000"#, #"{"size":500"#, #"{"size":250"#])
    }

    @Test(arguments: [
        #"{"_scroll_id":"s","_shards":{"total":1,"successful":0,"failed":1},"timed_out":false,"hits":{"hits":[]}}"#,
        #"{"_scroll_id":"s","_shards":{"total":2,"successful":2,"failed":0},"timed_out":false,"hits":{"hits":[]}}"#,
        #"{"_scroll_id":"s","_shards":{"total":1,"successful":1,"failed":0},"timed_out":true,"hits":{"hits":[]}}"#,
    ]) func aPageThatIsNotWholeIsRefused(_ answer: String) throws {
        let server = try StubServer { _ in StubServer.Reply(200, answer) }
        var scroll = scroll
        scroll.id = "s"
        expectFailure(.partialResult) {
            _ = try client(server).readPage(scroll, pageLimit: 10, keepAlive: .seconds(60), into: CollectingSink())
        }
    }

    private func client(_ server: StubServer) throws -> ElasticsearchClient {
        let policy = RetryPolicy(retries: 3, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(1)))
        return try ElasticsearchClient(configuration: ClusterConfiguration(url: server.url), retryPolicy: policy)
    }
}

/// A page of documents that take so many bytes each, of a scroll where an id is given.
private func page(_ documents: Int, bytes: Int, id: String? = nil) -> String {
    let text = String(repeating: "x", count: bytes)
    let hits = (0..<documents).map { #"{"_id":"\#($0)","_source":{"t":"\#(text)"},"sort":[\#($0)]}"# }
    let scroll = id.map { #""_scroll_id":"\#($0)","# } ?? ""
    return #"{\#(scroll)"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"timed_out":false,"#
        + #""hits":{"total":{"value":\#(documents),"relation":"eq"},"hits":[\#(hits.joined(separator: ","))]}}"#
}
