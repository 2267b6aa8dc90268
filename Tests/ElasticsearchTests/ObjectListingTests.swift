import Runtime
import Testing

@testable import Elasticsearch

/// Kinds that the engines of the tests lack, by replies in the shapes that the documentation of both products shows.
@Suite struct ObjectListingTests {
    private static let elasticsearch = """
        {"cluster_name":"c","cluster_uuid":"u","version":{"number":"8.19.0"},"tagline":"You Know, for Search"}
        """
    private static let opensearch = """
        {"cluster_name":"c","cluster_uuid":"u","version":{"number":"2.19.0","distribution":"opensearch"},"tagline":"The OpenSearch Project"}
        """

    private func client(
        _ root: String, _ replies: [String: StubServer.Reply]
    ) throws -> (server: StubServer, client: ElasticsearchClient) {
        let server = try StubServer { request in
            if request.path == "/" { return StubServer.Reply(200, root) }
            return replies["\(request.method) \(request.path)"] ?? replies[request.path]
                ?? StubServer.Reply(400, #"{"error":"no handler found for uri [\#(request.path)] and method [GET]"}"#)
        }
        return (
            server,
            try ElasticsearchClient(
                configuration: ClusterConfiguration(url: server.url), sleep: { _ in withExtendedLifetime(server) {} })
        )
    }

    private static let policies = """
        {"mine":{"version":3,"modified_date":"2025-01-01T00:00:00.000Z","policy":{"phases":{"hot":{"min_age":"0ms","actions":
        {"rollover":{"max_age":"30d"}}}},"_meta":{"ratio":1.50}},"in_use_by":{"indices":[],"data_streams":[],"composable_templates":[]}},
        "logs":{"version":1,"modified_date":"2025-01-01T00:00:00.000Z","policy":{"phases":{},"_meta":{"managed":true}},"in_use_by":{}}}
        """

    @Test func lifecyclePoliciesComeWithoutWhatTheServerSets() throws {
        let (_, client) = try client(Self.elasticsearch, ["/_ilm/policy": .init(200, Self.policies)])
        let found = try client.objects(of: [.ilmPolicies], includesSystem: false)
        #expect(found.objects.map(\.name) == ["mine"])
        let body = try #require(found.objects.first).body
        #expect(
            body
                == #"{"policy":{"phases":{"hot":{"min_age":"0ms","actions":{"rollover":{"max_age":"30d"}}}},"_meta":{"ratio":1.50}}}"#
        )
        #expect(try client.objects(of: [.ilmPolicies], includesSystem: true).objects.map(\.name) == ["logs", "mine"])
    }

    @Test func statePoliciesAreReadFromTheirListAndReplacedByVersion() throws {
        let list = """
            {"policies":[{"_id":"p1","_seq_no":7,"_primary_term":2,"policy":{"policy_id":"p1","description":"d","last_updated_time":1577990761311,
            "schema_version":1,"error_notification":null,"default_state":"a","states":[{"name":"a","actions":[],"transitions":[]}],
            "ism_template":[{"index_patterns":["logs*"],"priority":100,"last_updated_time":1577990761311}]}}],"total_policies":1}
            """
        let one = #"{"_id":"p1","_version":3,"_seq_no":7,"_primary_term":2,"policy":{}}"#
        let (server, client) = try client(
            Self.opensearch,
            [
                "GET /_plugins/_ism/policies": .init(200, list), "GET /_plugins/_ism/policies/p1": .init(200, one),
                "GET /_plugins/_ism/policies/p2": .init(
                    404, #"{"error":{"type":"status_exception","reason":"Policy not found"},"status":404}"#),
                "PUT /_plugins/_ism/policies/p1": .init(200, "{}"), "PUT /_plugins/_ism/policies/p2": .init(201, "{}"),
            ])
        let policy = try #require(try client.objects(of: [.ismPolicies], includesSystem: false).objects.first)
        let body = try policy.json()["policy"]
        for name in ["policy_id", "last_updated_time", "schema_version"] { #expect(body?[name] == nil, "\(name)") }
        #expect(body?["ism_template"] == [["index_patterns": ["logs*"], "priority": 100]])
        _ = try client.put(policy)
        _ = try client.put(ClusterObject(kind: .ismPolicies, name: "p2", body: policy.body))
        #expect(
            server.requests.filter { $0.method == "PUT" }.map(\.target)
                == ["/_plugins/_ism/policies/p1?if_seq_no=7&if_primary_term=2", "/_plugins/_ism/policies/p2"])
    }

    @Test func scriptsComeFromTheClusterStateAndGoBackAsTheyWere() throws {
        let state = #"{"metadata":{"stored_scripts":{"a/b":{"lang":"painless","source":"doc['x'].value\n * 1.50"}}}}"#
        let (server, client) = try client(
            Self.elasticsearch, ["/_cluster/state/metadata": .init(200, state), "PUT /_scripts/a%2Fb": .init(200, "{}")])
        let script = try #require(try client.objects(of: [.scripts], includesSystem: false).objects.first)
        #expect(script.body == #"{"script":{"lang":"painless","source":"doc['x'].value\n * 1.50"}}"#)
        #expect(try client.put(script).isEmpty)
        #expect(server.requests.last?.text == script.body)
    }

    @Test func streamsAreListedWithTheirBackingIndicesInOrder() throws {
        let list = """
            {"data_streams":[{"name":"logs","timestamp_field":{"name":"@timestamp"},"indices":[
            {"index_name":".ds-logs-2025.01.01-000001","index_uuid":"u1","prefer_ilm":true},{"index_name":".ds-logs-2025.02.01-000002","index_uuid":"u2"}],
            "generation":2,"status":"GREEN","template":"logs-template","hidden":true,"system":false,"allow_custom_routing":true,"replicated":false}]}
            """
        let (_, client) = try client(
            Self.elasticsearch, ["/_data_stream": .init(200, list), "/_data_stream/logs": .init(200, list)])
        let stream = try DataStream(try #require(try client.objects(of: [.dataStreams], includesSystem: false).objects.first))
        #expect(stream.indices.map(\.uuid) == ["u1", "u2"])
        #expect(stream.template == "logs-template" && stream.generation == 2)
        #expect(stream.isHidden && stream.allowsCustomRouting && !stream.isSystem)
        #expect(try client.dataStream("logs") == stream)
        #expect(try client.dataStream("others") == nil)
    }

    @Test func streamsThatCannotBeListedAreDerivedFromTheirIndices() throws {
        let indices = """
            {".ds-b-000010":{"data_stream":"b","settings":{"index.uuid":"u10"}},".ds-b-000009":{"data_stream":"b","settings":{"index.uuid":"u9"}},
            ".ds-a-2025.01.01-000001":{"data_stream":"a"}}
            """
        let (_, client) = try client(
            Self.elasticsearch,
            [
                "/_data_stream": .init(405, #"{"error":"Incorrect HTTP method for uri [/_data_stream]"}"#),
                "/.ds-*": .init(200, indices),
            ])
        let streams = try client.objects(of: [.dataStreams], includesSystem: false).objects.map { try DataStream($0) }
        #expect(streams.map(\.name) == ["a", "b"])
        #expect(streams[1].indices.map(\.uuid) == ["u9", "u10"])
        #expect(streams[1].generation == 10 && streams[1].template == nil)
    }

    @Test(arguments: [400, 404, 405]) func kindsThatTheServerLacksAreNone(status: Int) throws {
        let (_, client) = try client(Self.elasticsearch, ["/_ilm/policy": .init(status, #"{"error":"no handler"}"#)])
        let found = try client.objects(of: [.ilmPolicies, .ismPolicies, .searchPipelines], includesSystem: false)
        #expect(found.objects.isEmpty && found.notes.isEmpty)
        #expect(found.absent == [.ilmPolicies, .ismPolicies, .searchPipelines])
    }

    @Test func aKindWithoutObjectsIsNotAbsent() throws {
        let (_, client) = try client(Self.elasticsearch, ["/_ingest/pipeline": .init(404, "{}")])
        #expect(try client.objects(of: [.ingestPipelines], includesSystem: false) == ObjectCatalog())
    }

    @Test func whatMayNotBeReadIsTold() throws {
        let refusal =
            #"{"error":{"type":"security_exception","reason":"action [cluster:admin/ilm/get] is unauthorized"},"status":403}"#
        let (_, client) = try client(
            Self.elasticsearch, ["/_ilm/policy": .init(403, refusal), "/_cluster/state/metadata": .init(403, refusal)])
        let found = try client.objects(of: [.ilmPolicies], includesSystem: false)
        #expect(found.notes.count == 1)
        #expect(found.notes.first?.contains("ILM policies could not be read") == true)
        #expect(found.notes.first?.contains("cluster:admin/ilm/get") == true)
        #expect(try client.uncoveredMetadata().first?.contains("metadata could not be read") == true)
    }

    @Test func aServerThatFailsIsAnError() throws {
        let (_, client) = try client(Self.elasticsearch, ["/_ilm/policy": .init(503, "{}"), "/_template": .init(200, "[]")])
        expectFailure(.unavailable) { _ = try client.objects(of: [.ilmPolicies], includesSystem: false) }
        expectFailure(.malformedResponse) { _ = try client.objects(of: [.legacyTemplates], includesSystem: false) }
    }

    @Test func sectionsThatNobodySavesAreNamed() throws {
        let state = """
            {"metadata":{"cluster_uuid":"u","ingest":{"pipeline":[{"id":"p"}]},"snapshot_lifecycle":{"policies":{"nightly":{"v":1}}},
            "enrich":{"policies":{}},"repositories":{"backups":{"type":"fs"}},"persistent_tasks":{"last":1}}}
            """
        let (_, client) = try client(Self.elasticsearch, ["/_cluster/state/metadata": .init(200, state)])
        let notes = try client.uncoveredMetadata()
        #expect(notes.count == 2)
        #expect(notes[0].contains("repositories") && notes[1].contains("snapshot_lifecycle"))
    }

    @Test func refusedPartsOfATemplateAreLeftOutAndNamedButNotItsEssence() throws {
        let server = try StubServer { request in
            func refuse(_ reason: String) -> StubServer.Reply {
                .init(400, #"{"error":{"type":"x","reason":"\#(reason)"},"status":400}"#)
            }
            if request.text.contains("allow_auto_create") {
                return refuse("[1:35] [index_template] unknown field [allow_auto_create]")
            }
            if request.text.contains("made.up") { return refuse("unknown setting [index.made.up] please check") }
            if request.text.contains("data_stream") { return refuse("[index_template] unknown field [data_stream]") }
            return .init()
        }
        let client = try ElasticsearchClient(configuration: ClusterConfiguration(url: server.url))
        let body =
            #"{"index_patterns":["a"],"allow_auto_create":true,"template":{"settings":{"index.made.up":1,"index.codec":"default"}}}"#
        #expect(
            try client.put(ClusterObject(kind: .indexTemplates, name: "t", body: body)) == ["allow_auto_create", "index.made.up"])
        #expect(server.requests.last?.text == #"{"index_patterns":["a"],"template":{"settings":{"index.codec":"default"}}}"#)
        let stream = #"{"index_patterns":["a"],"data_stream":{}}"#
        expectFailure(.badRequest) { _ = try client.put(ClusterObject(kind: .indexTemplates, name: "t", body: stream)) }
    }
}
