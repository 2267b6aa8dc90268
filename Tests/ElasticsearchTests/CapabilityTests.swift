import Foundation
import Runtime
import Testing

@testable import Elasticsearch

/// What a cluster can do, by its version and by what its paths answer.
struct CapabilityTests {
    @Test(arguments: [
        ("7.9.3", ClusterIdentity.Distribution.elasticsearch, ClusterIdentity.Flavor.default, false, false),
        ("7.10.2", .elasticsearch, .oss, false, false), ("7.10.2", .elasticsearch, .default, true, false),
        ("8.18.4", .elasticsearch, .default, true, false), ("8.19.0", .elasticsearch, .default, true, true),
        ("9.1.3", .elasticsearch, .default, true, false), ("9.2.0", .elasticsearch, .default, true, true),
        ("10.0.0", .elasticsearch, .serverless, true, true), ("1.3.20", .opensearch, .unknown, false, false),
        ("2.3.0", .opensearch, .unknown, false, false), ("2.4.0", .opensearch, .unknown, true, false),
        ("3.1.0", .opensearch, .unknown, true, false), ("9.3.0", .opensearch, .unknown, true, false),
    ]) func versionAndFlavorDecideTheReader(
        _ version: String, _ distribution: ClusterIdentity.Distribution, _ flavor: ClusterIdentity.Flavor, _ hasPointInTime: Bool,
        _ sendsVectors: Bool
    ) {
        let identity = ClusterIdentity(name: "c", uuid: "u", version: version, distribution: distribution, flavor: flavor)
        let capabilities = ClusterCapabilities(identity: identity)
        #expect(capabilities.hasPointInTime == hasPointInTime)
        #expect(capabilities.reader == (hasPointInTime ? .pointInTime : .scroll))
        #expect(capabilities.sendsVectorsOnRequest == sendsVectors)
    }

    @Test func absentRefusedAndPresentAreToldApart() throws {
        let server = try StubServer { request in
            switch (request.method, request.path) {
            case ("GET", "/"): StubServer.Reply(200, root("8.19.1"))
            case ("GET", "/_data_stream"): StubServer.Reply(200, "{}")
            case ("GET", "/_index_template"): StubServer.Reply(403, #"{"error":{"type":"security_exception","reason":"no"}}"#)
            case ("GET", "/_ilm/policy"): StubServer.Reply(405, #"{"error":"Incorrect HTTP method"}"#)
            case ("GET", "/_scripts/sheaf-probe"): StubServer.Reply(404, #"{"_id":"sheaf-probe","found":false}"#)
            case ("POST", "/_data_stream/_modify"):
                StubServer.Reply(400, #"{"error":{"type":"action_request_validation_exception","reason":"must specify"}}"#)
            case ("GET", "/_nodes/_all/http"):
                StubServer.Reply(
                    200,
                    #"{"nodes":{"a":{"http":{"max_content_length_in_bytes":100}},"b":{"http":{"max_content_length_in_bytes":90}}}}"#
                )
            case ("GET", "/_nodes/_local/stats/jvm"): StubServer.Reply(500, "{}")
            default: StubServer.Reply(400, "{}")
            }
        }
        let client = try client(server)
        let found = try client.capabilities()
        #expect(found.hasDataStreams == true && found.hasComposableTemplates == nil && found.hasILM == false)
        #expect(found.hasStoredScripts == true && found.hasDataStreamModify == true)
        #expect(found.hasISM == false && found.hasSearchPipelines == false)
        #expect(found.maxContentBytes == 90 && found.clockSkew == nil && found.openViewLimit == nil)
        let asked = server.requests.count
        #expect(try client.capabilities() == found)
        #expect(server.requests.count == asked, "asked again")
        #expect(server.requests.allSatisfy { $0.method == "GET" || $0.text == #"{"actions":[]}"# }, "something was written")

        let other = try self.client(server)
        let text = try found.text()
        other.adopt(try #require(ClusterCapabilities(text: text)))
        #expect(try other.capabilities() == found)
        #expect(try other.identity() == found.identity)
        #expect(server.requests.count == asked, "what was adopted was asked for")
        #expect(ClusterCapabilities(text: "{}") == nil)
    }

    @Test func limitsOfOpenViewsAreRead() throws {
        let server = try StubServer { request in
            switch request.path {
            case "/": StubServer.Reply(200, root("2.19.1", isOpenSearch: true))
            case "/_search/pipeline": StubServer.Reply(404, "{}")
            case "/_cluster/settings":
                StubServer.Reply(
                    200,
                    #"{"persistent":{"search.max_open_pit_context":"20"},"defaults":{"search.max_open_pit_context":"300","search.max_open_scroll_context":"500"}}"#
                )
            case "/_data_stream/_modify": StubServer.Reply(200, "{}")
            default: StubServer.Reply(404, #"{"error":"none"}"#)
            }
        }
        let found = try client(server).capabilities()
        #expect(found.openViewLimit == 20)
        #expect(found.hasSearchPipelines == true, "404 without an error: there are none")
        #expect(found.hasISM == false && found.hasDataStreamModify == false)
        let scrolling = try client(server, CapabilityOverrides(reader: .scroll)).capabilities()
        #expect(scrolling.reader == .scroll && scrolling.openViewLimit == 500)
    }

    @Test(arguments: [403, 404, 405]) func overridesAreEnoughWhereTheServerTellsNothing(_ status: Int) throws {
        let server = try StubServer { _ in StubServer.Reply(status, "") }
        let identity = try client(server, CapabilityOverrides(distribution: .opensearch, version: "2.11.0")).identity()
        #expect(identity.distribution == .opensearch && identity.version == "2.11.0")
        for half in [CapabilityOverrides(distribution: .opensearch), CapabilityOverrides(version: "2.11.0")] {
            #expect(throws: ElasticsearchError.self) { _ = try client(server, half).identity() }
        }
    }

    @Test func overridesWinOverWhatTheServerSays() throws {
        // OpenSearch may give itself out for Elasticsearch 7.10.2.
        let server = try StubServer { _ in StubServer.Reply(200, root("7.10.2")) }
        let identity = try client(server, CapabilityOverrides(distribution: .opensearch, version: "2.19.0")).identity()
        #expect(identity.isAtLeast(.opensearch, 2, 4) && identity.uuid == "u")
    }

    @Test func nobodyWhoMayNotAskIsTakenForAnother() throws {
        let server = try StubServer { _ in StubServer.Reply(401, "{}") }
        expectFailure(.unauthorized) { _ = try client(server).capabilities() }
    }

    @Test(.enabled(if: TestEngine.elasticsearch.url != nil || TestEngine.isCI)) func elasticsearch8IsKnown() throws {
        let found = try TestEngine.elasticsearch.client().capabilities()
        #expect(found.identity.distribution == .elasticsearch && found.identity.flavor == .default)
        #expect(found.reader == .pointInTime && found.sendsVectorsOnRequest)
        // Of this build, engines/README: no ILM, no listing of data streams.
        #expect(found.hasILM == false && found.hasDataStreams == false && found.hasDataStreamModify == false)
        #expect(found.hasComposableTemplates == true && found.hasStoredScripts == true)
        #expect(found.maxContentBytes == 100 << 20)
        let skew = try #require(found.clockSkew)
        #expect(abs(skew) < 30)
    }

    @Test(.enabled(if: TestEngine.opensearch.url != nil || TestEngine.isCI)) func openSearchIsKnown() throws {
        let found = try TestEngine.opensearch.client().capabilities()
        #expect(found.identity.distribution == .opensearch && found.reader == .pointInTime && !found.sendsVectorsOnRequest)
        #expect(found.hasDataStreams == true && found.hasDataStreamModify == false && found.hasSearchPipelines == true)
        #expect(found.hasISM == false && found.hasILM == false && found.hasComposableTemplates == true)
        #expect(found.openViewLimit == 300)
    }

    @Test(.enabled(if: TestEngine.elasticsearch7 != nil || TestEngine.isCI)) func theApacheBuildOfElasticsearch7IsKnown() throws {
        let url = try #require(TestEngine.elasticsearch7)
        let found = try ElasticsearchClient(configuration: ClusterConfiguration(url: url)).capabilities()
        #expect(found.identity.flavor == .oss && !found.hasPointInTime && found.reader == .scroll)
        #expect(found.openViewLimit == 500 && !found.sendsVectorsOnRequest)
        #expect(found.hasDataStreams == false && found.hasComposableTemplates == true && found.hasStoredScripts == true)
    }

    private func client(
        _ server: StubServer, _ overrides: CapabilityOverrides = CapabilityOverrides()
    ) throws -> ElasticsearchClient {
        var configuration = ClusterConfiguration(url: server.url)
        configuration.overrides = overrides
        return try ElasticsearchClient(configuration: configuration, retryPolicy: RetryPolicy(retries: 0))
    }
}

extension TestEngine {
    /// The URL of an Elasticsearch without points in time.
    static var elasticsearch7: String? { ProcessInfo.processInfo.environment["SHEAF_TEST_ELASTICSEARCH7"] }
}

private func root(_ version: String, isOpenSearch: Bool = false) -> String {
    let kind = isOpenSearch ? #""distribution":"opensearch","# : #""build_flavor":"default","#
    return #"{"cluster_name":"c","cluster_uuid":"u","version":{\#(kind)"number":"\#(version)"}}"#
}
