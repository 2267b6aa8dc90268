import Foundation
import Runtime
import Testing

@testable import Elasticsearch

/// What `sheaf check` finds, against recorded answers; `AccessProofTests` asks a secured engine.
@Suite struct ExaminationTests {
    private static let root = #"{"cluster_name":"c","cluster_uuid":"u","version":{"number":"8.19.21"}}"#

    /// Findings that are not fine, as "subject: message".
    private func complaints(
        root: StubServer.Reply = StubServer.Reply(200, root), credential: ClusterConfiguration.Credential = .none,
        now: String = "2026-11-26T12:00:00Z", _ answers: [String: String]
    ) throws -> [String] {
        let server = try StubServer { request in
            if request.path == "/" { return root }
            return answers[request.path].map { StubServer.Reply(200, $0) } ?? StubServer.Reply(404, #"{"error":"none"}"#)
        }
        var configuration = ClusterConfiguration(url: server.url)
        configuration.credential = credential
        let moment = try Timestamp(parsing: now)
        let client = try ElasticsearchClient(configuration: configuration, retryPolicy: RetryPolicy(retries: 0))
        return ClusterExamination(client: client, now: { moment }).findings().filter { $0.verdict != .fine }
            .map { "\($0.subject): \($0.message)" }
    }

    private func expect(_ complaints: [String], _ parts: String...) {
        for part in parts {
            #expect(complaints.contains { $0.contains(part) }, "nothing says \(part): \(complaints.joined(separator: "\n"))")
        }
    }

    @Test func aWrongLoginIsTheOnlyFinding() throws {
        let body = #"{"error":{"type":"security_exception","reason":"unable to authenticate user [a]"},"status":401}"#
        let found = try complaints(
            root: StubServer.Reply(401, body), credential: .basic(user: "a", password: Sensitive("b")), [:])
        #expect(found.count == 2)
        expect(found, "login: cannot log in", "tls: the login goes over the network in the clear")
    }

    @Test func theClockIsComparedWithTheServers() throws {
        let reply = StubServer.Reply(200, Self.root, headers: ["Date": "Thu, 26 Nov 2026 12:05:00 GMT"])
        expect(try complaints(root: reply, [:]), "clock: the cluster's clock is 300 s ahead of this worker's")
        let onTime = StubServer.Reply(200, Self.root, headers: ["Date": "Thu, 26 Nov 2026 12:00:30 GMT"])
        #expect(try !complaints(root: onTime, [:]).contains { $0.hasPrefix("clock") })
    }

    @Test func whatTheClusterLacksIsNamed() throws {
        let root = #"{"cluster_name":"c","cluster_uuid":"u","version":{"number":"2.19.6","distribution":"opensearch"}}"#
        let found = try complaints(
            root: StubServer.Reply(200, root),
            [
                "/_cluster/health": #"{"status":"red"}"#,
                "/_cat/shards": #"[{"index":"lost","shard":"3","prirep":"p","state":"UNASSIGNED"}]"#,
                "/_cat/allocation": #"[{"node":"n1","disk.percent":"96"}]"#,
                "/_cluster/settings": #"{"persistent":{},"defaults":{"search.max_open_pit_context":"10"}}"#,
                "/_nodes/_all/http": #"{"nodes":{"a":{"http":{"max_content_length_in_bytes":1048576}}}}"#,
                "/_cat/indices": #"[{"index":"shut","status":"close"},{"index":"fine","status":"open"}]"#,
                "/_all/_settings":
                    #"{"full":{"settings":{"index.blocks.read_only_allow_delete":"true"}},"small":{"settings":{"index.max_result_window":"100"}},"#
                    + #""none":{"settings":{}},"also":{"settings":{}},"some":{"settings":{}},".dot":{"settings":{}},"#
                    + #""vectors":{"settings":{"index.knn.derived_source.enabled":"true"}}}"#,
                "/_all/_mapping":
                    #"{"none":{"mappings":{"_source":{"enabled":false}}},"also":{"mappings":{"_source":{"enabled":false}}},"#
                    + #"".dot":{"mappings":{"_source":{"enabled":false}}},"some":{"mappings":{"_source":{"excludes":["a"]}}},"#
                    + #""vectors":{"mappings":{"properties":{"v":{"type":"knn_vector"}}}}}"#,
            ])
        expect(
            found, "health: the cluster is red: primary shards are not assigned (lost 3)", "disk: node n1 uses 96 %",
            "limit: search.max_open_pit_context is 10", "limit: http.max_content_length is 1048576 bytes",
            "index: index shut is closed",
            "index: index full is blocked", "index: index small has a max_result_window",
            "index: each of 2 indices (none, also) stores no _source", "index: index some leaves fields out of _source",
            "index: index vectors derives vectors")
        #expect(!found.contains { $0.contains(".dot") })
    }

    @Test func eachMissingPrivilegeIsNamed() throws {
        let answer: JSONValue = [
            "username": "sheaf", "cluster": ["monitor": true, "read_ilm": true, "read_pipeline": false],
            "index": ["a": ["read": true, "view_index_metadata": true, "monitor": false, "maintenance": true]],
        ]
        let found = PrivilegeSet.backup.findings(in: answer, about: ["a"]).map(\.message)
        #expect(
            found == [
                "backup: user sheaf lacks the cluster privilege read_pipeline; docs/roles has a role that suffices",
                "backup: user sheaf lacks the index privilege monitor on a; docs/roles has a role that suffices",
            ])
    }

    /// The check asks for what the documented roles give.
    @Test(arguments: [PrivilegeSet.backup, .restore])
    func theRolesOfTheDocsAreWhatIsAskedFor(privileges: PrivilegeSet) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "docs/roles/elasticsearch-\(privileges.purpose).json")
        let role = try JSONValue(parsing: Array(try Data(contentsOf: file)))
        #expect(role["cluster"]?.array?.compactMap(\.string) == privileges.cluster)
        #expect((role["indices"]?[0]?["privileges"]?.array?.compactMap(\.string)).map(Set.init) == Set(privileges.index))
    }
}
