import Elasticsearch
import Messages
import Sessions
import Testing

@testable import Worker

/// The indices of a restore are not made for a session that is over.
@Suite struct RestoreTargetTests {
    static let definition = #"{"name":"a","uuid":"u","numberOfShards":1,"documents":30,"settings":{},"mappings":{},"aliases":{}}"#

    private func plan() -> PlanEntry {
        var plan = Samples.plan(slices: [])
        for position in plan.indices.indices { plan.indices[position].definition = Self.definition }
        return plan
    }

    /// The server takes as long as it likes for the last index: whoever waited for it must learn that the session ended meanwhile.
    @Test(arguments: [(0, 0), (1, 1), (2, 2)])
    func theSessionIsLookedAtBeforeEachIndexAndAfterTheLast(endedAfter looks: Int, created: Int) throws {
        let server = try StubServer { _ in StubServer.Reply(200, #"{"acknowledged":true,"shards_acknowledged":true}"#) }
        let client = try ElasticsearchClient(configuration: ClusterConfiguration(url: server.url))
        var seen = 0
        let error = #expect(throws: WorkerError.self) {
            try RestoreTarget(client: client, session: Samples.session).prepare(plan()) {
                if seen == looks { throw WorkerError(.sessionEnded, "the session was ended") }
                seen += 1
            }
        }
        #expect(error?.code == .sessionEnded)
        #expect(server.requests.map(\.path) == ["/a", "/b"].prefix(created).map { $0 }, "\(server.requests.map(\.path))")
        #expect(server.requests.allSatisfy { $0.method == "PUT" && $0.text.contains("sheaf-abc-") })
    }
}
