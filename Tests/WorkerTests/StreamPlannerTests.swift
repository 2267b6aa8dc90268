import Elasticsearch
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// Where the backing indices of a snapshot's data streams go. Elasticsearch by recorded replies: the shipped one has no data streams.
@Suite struct StreamPlannerTests {
    private static func stream(_ name: String, _ count: Int) throws -> DataStream {
        let indices = (1...count).map { #"{"name":".ds-\#(name)-00000\#($0)","uuid":"u"}"# }.joined(separator: ",")
        return try DataStream(ClusterObject(kind: .dataStreams, name: name, body: #"{"indices":[\#(indices)]}"#))
    }

    private func server(_ root: String, standing: [String] = [], hasStreams: Bool = true) throws -> StubServer {
        try StubServer { request in
            if request.path == "/" { return StubServer.Reply(200, root) }
            if request.target.contains("filter_path=*.aliases") {
                return StubServer.Reply(standing.contains(String(request.path.dropFirst())) ? 200 : 404, "{}")
            }
            guard hasStreams else { return StubServer.Reply(405, #"{"error":"Incorrect HTTP method"}"#) }
            let name = request.path.split(separator: "/").last.map(String.init) ?? ""
            if name.contains("*") { return StubServer.Reply(200, #"{"data_streams":[]}"#) }
            return StubServer.Reply(
                200, #"{"data_streams":[{"name":"\#(name)","indices":[{"index_name":".ds-\#(name)-1"}],"generation":1}]}"#)
        }
    }

    private static let elasticsearch =
        #"{"cluster_name":"c","cluster_uuid":"u","version":{"number":"8.19.0"},"tagline":"You Know, for Search"}"#
    private static let opensearch =
        #"{"cluster_name":"c","cluster_uuid":"u","version":{"number":"2.19.0","distribution":"opensearch"}}"#

    private func place(
        _ server: StubServer, conflict: ConflictPolicy = .fail, leftOut: Bool = false,
        names: [String] = [".ds-logs-000001", "plain", ".ds-logs-000002", ".ds-logs-000003"], definition: String = "{}",
        rename: @escaping (String) -> String = { "new-\($0)" }
    ) throws -> (indices: [PlannedIndex], slices: [Slice], placement: StreamPlanner.Placement) {
        var indices = names.map {
            PlannedIndex(name: $0, targetName: $0, uuid: "u", shards: 1, documents: 1, definition: definition)
        }
        var slices = [
            Slice(index: 0, segments: 0..<1, documents: 1, bytes: 10), Slice(index: 0, segments: 1..<2, documents: 1, bytes: 90),
            Slice(index: 1, segments: 0..<1, documents: 1, bytes: 50), Slice(index: 2, segments: 0..<1, documents: 1, bytes: 99),
        ]
        let planner = StreamPlanner(
            client: try ElasticsearchClient(configuration: ClusterConfiguration(url: server.url)),
            streams: [try Self.stream("logs", 3), try Self.stream("other", 1)], rename: rename, conflict: conflict,
            isLeftOut: { _ in leftOut })
        let placement = try planner.place(&indices, &slices)
        return (indices, slices, placement)
    }

    @Test(arguments: [Self.opensearch, Self.elasticsearch])
    func twoStreamsOfOneNameAreRefused(_ root: String) throws {
        let names = [".ds-logs-000001", "plain", ".ds-other-000001"]
        let refused = try place(try server(root), names: names) { _ in "both" }
        #expect(
            refused.placement.problems == [
                "data stream logs and data stream other would have the same name, both; rename them apart"
            ])
        let (_, _, placement) = try place(try server(root), names: names)
        #expect(placement.problems.isEmpty)
    }

    @Test func aStreamOfAnIndexsOrAnAliasesNameIsRefused() throws {
        let index = try place(try server(Self.opensearch)) { _ in "plain" }
        #expect(
            index.placement.problems == ["data stream logs and index plain would have the same name, plain; rename them apart"])
        let alias = try place(
            try server(Self.opensearch), names: [".ds-logs-000001", "plain", ".ds-logs-000002"],
            definition: #"{"aliases":{"new-logs":{}}}"#)
        #expect(alias.placement.problems.count == 1)
        #expect(
            alias.placement.problems.first?.hasPrefix("data stream logs and alias new-logs of index .ds-logs-000001 and ") == true
        )
    }

    @Test func openSearchFillsStreamsThroughTheirNamesOneSliceAfterTheOther() throws {
        let (indices, slices, placement) = try place(try server(Self.opensearch))
        #expect(indices.map(\.targetName) == ["new-logs", "plain", "new-logs", "new-logs"])
        #expect(indices.map { $0.stream?.ordinal } == [0, nil, 1, 2])
        #expect(slices.map(\.index) == [1, 0, 0, 2])
        #expect(slices.map(\.bytes) == [50, 10, 90, 99])
        #expect(slices.map(\.after) == [nil, nil, 1, 2])
        #expect(placement.streams.map(\.name) == ["logs"] && placement.streams.map(\.targetName) == ["new-logs"])
        #expect(placement.problems.isEmpty)
    }

    @Test func elasticsearchAdoptsRenamedBackingIndices() throws {
        let (indices, slices, placement) = try place(try server(Self.elasticsearch))
        #expect(indices.map(\.targetName) == [".ds-new-logs-000001", "plain", ".ds-new-logs-000002", ".ds-new-logs-000003"])
        #expect(indices.allSatisfy { $0.stream == nil })
        #expect(slices.map(\.bytes) == [99, 90, 50, 10] && slices.allSatisfy { $0.after == nil })
        #expect(placement.streams.map(\.action) == [.create])
        #expect(StreamPlanner.backingName("shrunk", of: "a", renamed: "b") == ".ds-b-shrunk")
    }

    @Test(arguments: [ConflictPolicy.fail, .skip, .append, .overwrite, .swapAlias])
    func aStreamThatIsThereFollowsThePolicy(_ conflict: ConflictPolicy) throws {
        let (indices, slices, placement) = try place(
            try server(Self.opensearch, standing: ["new-logs"]), conflict: conflict)
        #expect(placement.problems.isEmpty == [.skip, .overwrite].contains(conflict))
        switch conflict {
        case .fail, .append, .swapAlias: #expect(placement.problems.first?.contains("new-logs is there already") == true)
        case .skip:
            #expect(indices.map(\.name) == ["plain"] && slices.map(\.index) == [0] && placement.notes.count == 1)
        case .overwrite: #expect(placement.streams.map(\.action) == [.overwrite])
        }
    }

    @Test func withoutDataStreamsTheRestoreIsRefusedUnlessTheyAreLeftOut() throws {
        let server = try server(Self.elasticsearch, hasStreams: false)
        #expect(try place(server).placement.problems.first?.contains("objects: all,-dataStreams") == true)
        let (indices, _, placement) = try place(server, leftOut: true)
        #expect(placement.problems.isEmpty && placement.streams.isEmpty && placement.notes.count == 1)
        #expect(indices.map(\.targetName) == indices.map(\.name))
    }

    /// By the requests that the documentation of Elasticsearch describes: an alias with a write index, then `_migrate`.
    @Test func elasticsearchMakesTheStreamOfTheRestoredIndicesAtOnce() throws {
        let server = try StubServer { request in
            if request.path == "/" { return StubServer.Reply(200, Self.elasticsearch) }
            return request.path.hasPrefix("/_data_stream/new") ? StubServer.Reply(404, "{}") : StubServer.Reply()
        }
        var plan = Samples.plan(slices: [])
        plan.indices = [".ds-new-1", ".ds-new-2"].map {
            PlannedIndex(
                name: $0, targetName: $0, uuid: "u", shards: 1, documents: 1,
                definition:
                    #"{"name":"i","uuid":"u","numberOfShards":1,"settings":{},"mappings":{},"aliases":{},"documents":1,"dataStream":"old"}"#
            )
        }
        plan.plannedObjects = [PlannedObject(kind: .dataStreams, name: "old", targetName: "new", action: .create)]
        let client = try ElasticsearchClient(configuration: ClusterConfiguration(url: server.url))
        #expect(
            try StreamRestorer(client: client, session: Samples.session).settle(plan, expected: plan.indices.map(\.documents))
                .isEmpty)
        let posts = server.requests.filter { $0.method == "POST" }
        #expect(posts.map(\.path) == ["/_aliases", "/_data_stream/_migrate/new"])
        #expect(
            posts.first?.text
                == #"{"actions":[{"add":{"index":".ds-new-1","alias":"new","is_write_index":false}},{"add":{"index":".ds-new-2","alias":"new","is_write_index":true}}]}"#
        )
    }
}
