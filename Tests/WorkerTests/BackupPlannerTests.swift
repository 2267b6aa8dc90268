import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// What a backup decides before the first document is read.
@Suite struct BackupPlannerTests {
    /// Indices of a stubbed cluster, by name: their row of the listing and their description.
    private struct Index: Sendable {
        var status = "open"
        var health = "green"
        var shards = 1
        var settings = "{}"
        var mappings = "{}"
        var documents = 8
        var isBlocked = false
        var aliases = "{}"
        /// The data stream that it belongs to, and what is listed for that.
        var stream: String?
        var listedAliases: String?
    }

    private static let block =
        #"{"error":{"type":"cluster_block_exception","reason":"index [a] blocked by: [FORBIDDEN/7/index read (api)];"},"status":403}"#

    private func server(
        _ indices: [String: Index], isOpenSearch: Bool = false, limit: Int = 300, templates: [String] = []
    ) throws -> StubServer {
        try StubServer { request in
            let parts = request.path.split(separator: "/").map(String.init)
            let index = parts.first.flatMap { indices[$0] }
            switch (request.method, request.path) {
            case ("GET", "/"):
                let kind = isOpenSearch ? #""distribution":"opensearch","number":"2.19.1""# : #""number":"8.15.0""#
                return .init(200, #"{"cluster_name":"c","cluster_uuid":"u","version":{\#(kind)}}"#)
            case ("GET", "/_cat/indices"):
                let rows = indices.sorted { $0.key < $1.key }.map {
                    #"{"index":"\#($0.key)","status":"\#($0.value.status)","health":"\#($0.value.health)","uuid":"u-\#($0.key)","#
                        + #""pri":"\#($0.value.shards)","pri.store.size":"1000"}"#
                }
                return .init(200, "[\(rows.joined(separator: ","))]")
            case ("GET", "/_alias"):
                // As a server lists them: a data stream's under the stream's name.
                let rows = indices.map { name, index in
                    #""\#(index.stream ?? name)":{"aliases":\#(index.listedAliases ?? index.aliases)}"#
                }
                return .init(200, "{\(rows.sorted().joined(separator: ","))}")
            case ("GET", "/.ds-*"):
                let rows = indices.compactMap { name, index in index.stream.map { #""\#(name)":{"data_stream":"\#($0)"}"# } }
                return .init(200, "{\(rows.sorted().joined(separator: ","))}")
            case ("GET", "/_index_template"):
                let list = templates.map { #"{"name":"\#($0)","index_template":{"index_patterns":["x"]}}"# }
                return .init(200, #"{"index_templates":[\#(list.joined(separator: ","))]}"#)
            case ("GET", "/_cluster/settings"):
                return .init(200, #"{"defaults":{"search.max_open_pit_context":"\#(limit)"}}"#)
            case ("GET", let path) where path.hasPrefix("/_cluster/health"):
                return .init(408, #"{"timed_out":true,"status":"red"}"#)
            case (_, let path) where path.hasSuffix("/_refresh"): return .init(200, #"{"_shards":{"failed":0}}"#)
            case ("GET", "/_alias/pointer"): return .init(200, #"{"a":{"aliases":{"pointer":{}}}}"#)
            case (_, let path) where path.hasSuffix("/_count"):
                guard let index else { return .init(404) }
                if index.isBlocked { return .init(403, Self.block) }
                let isOneShard = request.target.contains("_shards:")
                let documents = request.text.isEmpty ? index.documents : index.documents / 2
                let count = isOneShard ? documents / index.shards : documents
                return .init(200, #"{"count":\#(count),"_shards":{"total":1,"failed":0}}"#)
            case ("GET", _) where parts.count == 1 && index != nil:
                guard let index else { return .init(404) }
                return .init(
                    200,
                    #"{"\#(parts[0])":{"aliases":\#(index.aliases),"mappings":\#(index.mappings),"settings":{"index.number_of_shards":"\#(index.shards)","#
                        + #""index.uuid":"u-\#(parts[0])","x":\#(index.settings)}}}"#)
            default: return .init(404, #"{"error":"absent"}"#)
            }
        }
    }

    private func plan(
        _ indices: [String: Index], _ parameters: [String: String] = [:], isOpenSearch: Bool = false, limit: Int = 300,
        templates: [String] = []
    ) throws -> PlanEntry {
        let server = try server(indices, isOpenSearch: isOpenSearch, limit: limit, templates: templates)
        let client = try ElasticsearchClient(
            configuration: ClusterConfiguration(url: server.url), retryPolicy: RetryPolicy(retries: 0))
        var command = Samples.command()
        command.configuration?.spec.task = TaskRef(
            name: "elasticsearch-backup-8.2.0",
            params: [.init(name: "objects", value: "none")] + parameters.map { .init(name: $0.key, value: $0.value) })
        let folder = try TemporaryFolder()
        let objects = ObjectDumper(
            client: client, store: RepositoryStore(try LocalStore(folder.makeFolder("store"))),
            spool: try Spool(in: folder.makeFolder("spool"), limit: 1 << 20), session: command.id)
        return try withExtendedLifetime(folder) {
            try BackupPlanner(client: client, settings: WorkerSettings(name: "w"), objects: objects).plan(command)
        }
    }

    private func refusal(_ indices: [String: Index], _ parameters: [String: String] = [:]) -> String? {
        do {
            _ = try plan(indices, parameters)
            return nil
        } catch {
            guard let error = error as? WorkerError, error.code == .refused else { return "\(error)" }
            return error.message
        }
    }

    /// An expression that leaves out a name does not leave out its aliases.
    @Test func anIndexThatIsTakenForItsAliasIsNamed() throws {
        let indices = [
            "books": Index(aliases: #"{"current":{}}"#), "secret-1": Index(aliases: #"{"current":{}}"#), "secret-2": Index(),
            ".ds-secret-3": Index(stream: "secret-3", listedAliases: #"{"stream-alias":{}}"#),
        ]
        let plan = try plan(indices, ["args": "--match=^(?!secret|.ds-).+"])
        #expect(plan.indices.map(\.name) == [".ds-secret-3", "books", "secret-1"])
        #expect(
            plan.notes.filter { $0.contains("is taken for its alias") }.map { $0.prefix { $0 != "," } } == [
                "index .ds-secret-3 is taken for its alias stream-alias", "index secret-1 is taken for its alias current",
            ])
    }

    @Test func aClosedIndexIsRefusedWithheldOrSavedByItsDefinition() throws {
        let indices = ["a": Index(), "shut": Index(status: "close")]
        #expect(refusal(indices)?.contains("index shut is closed") == true)
        for (parameters, reason, onRequest) in [
            (["closedIndices": "definition"], "it is closed", true),
            (["allowPartial": "true"], "it is closed and cannot be read", nil),
        ] as [([String: String], String, Bool?)] {
            let plan = try plan(indices, parameters)
            #expect(plan.indices.map(\.name) == ["a", "shut"])
            #expect(plan.indices.map(\.withheld) == [nil, reason])
            #expect(plan.indices.map(\.withheldOnRequest) == [nil, onRequest])
            #expect(plan.slices.map(\.index) == [0])
            #expect(plan.notes.contains { $0.contains("index shut") && $0.contains("definition alone") })
        }
    }

    /// Otherwise a misspelled name, or an alias, would be no backup for ever, and nobody would hear of it.
    @Test func anIndexThatIsAskedForByNameMustBeThere() throws {
        let indices = ["a": Index(), "b": Index()]
        #expect(refusal(indices, ["indices": "a,typo"])?.contains("there is no index typo in ") == true)
        #expect(refusal(indices, ["indices": "b,pointer"])?.contains("pointer is an alias of a, ") == true)
        let plan = try plan(indices, ["indices": "a,typo,none-*", "allowEmpty": "true"])
        #expect(plan.notes.filter { $0.hasPrefix("no index of ") }.map { $0.split(separator: " ").last } == ["typo", "none-*"])
    }

    @Test func anIndexThatCannotBeReadIsRefusedOrWithheldByItself() throws {
        let indices = ["a": Index(isBlocked: true), "b": Index()]
        #expect(refusal(indices)?.contains("index a cannot be read: ") == true)
        let plan = try plan(indices, ["allowPartial": "true"])
        #expect(plan.indices[0].withheld?.contains("index read (api)") == true && plan.indices[1].withheld == nil)
        #expect(plan.slices.map(\.index) == [1])
    }

    @Test func whatSaysWhichIndexItWasIsNotWorthANote() throws {
        let settings = #"{"creation_date":"1","provided_name":"a","version":{"created":"8"},"frozen":"true"}"#
        let notes = try plan(["a": Index(settings: settings)]).notes
        #expect(!notes.contains { $0.contains("creation_date") || $0.contains("index.uuid") }, "\(notes)")
    }

    @Test func anIndexWithoutAPrimaryIsRefusedOrWithheld() throws {
        let indices = ["a": Index(), "red": Index(health: "red")]
        #expect(refusal(indices)?.contains("index red has a primary shard that is not assigned") == true)
        let plan = try plan(indices, ["allowPartial": "true"])
        #expect(plan.allowPartial == true && plan.slices.map(\.index) == [0])
        #expect(plan.indices[1].withheld?.contains("not assigned") == true)
    }

    @Test func documentsWithoutSourceAreRefusedOrWithheld() throws {
        let indices = ["bare": Index(mappings: #"{"_source":{"enabled":false}}"#)]
        #expect(refusal(indices)?.contains("index bare stores no _source") == true)
        #expect(try plan(indices, ["allowPartial": "true"]).indices[0].withheld?.contains("_source is disabled") == true)
    }

    @Test func whatCannotComeBackIsSaid() throws {
        let notes = try plan([
            "some": Index(mappings: #"{"_source":{"excludes":["secret"]}}"#),
            "synthetic": Index(mappings: #"{"_source":{"mode":"synthetic"}}"#), "whole": Index(),
        ]).notes
        #expect(notes.contains { $0.hasPrefix("index some leaves fields out") && $0.contains("secret") })
        #expect(notes.contains { $0.hasPrefix("index synthetic has a synthetic _source") })
        #expect(!notes.contains { $0.hasPrefix("index whole ") })
    }

    /// Whoever ends the other session finds its indices by the alias: a restored copy must not have it.
    @Test func aLoadAliasIsNotSavedAndIsTold() throws {
        let alias = "sheaf-\(String(repeating: "ab", count: 16))-3"
        let plan = try plan(["a": Index(aliases: #"{"\#(alias)":{},"all":{}}"#)])
        #expect(try plan.indices[0].restoredDefinition.aliases == ["all": [:]])
        #expect(plan.notes.contains { $0.hasPrefix("index a is being restored or imported at the moment") && $0.contains(alias) })
    }

    /// Of the highest priority and empty: given back, it would keep every other template from its names for ever.
    @Test func theTemplateOfARestoreAtWorkIsNotSaved() throws {
        let parameters = ["objects": "indexTemplates", "includeSystem": "true"]
        func manifest(_ templates: [String]) throws -> String? {
            try plan(["a": Index()], parameters, templates: templates).objects
        }
        let none = try manifest([])
        #expect(try none != nil && manifest([".sheaf-abc"]) == none && manifest([".mine"]) != none)
    }

    @Test func aQueryCountsForEverySlice() throws {
        let all = try plan(["a": Index(shards: 4, documents: 80)])
        #expect(all.query == nil && all.indices[0].documents == 80 && all.slices.map(\.shard) == [0, 1, 2, 3])
        let some = try plan(["a": Index(shards: 4, documents: 80)], ["query": #"{"term":{"n":1}}"#])
        #expect(some.query == #"{"term":{"n":1}}"# && some.indices[0].documents == 40)
        #expect(some.slices.map(\.documents) == [10, 10, 10, 10])
    }

    @Test func thePlanKeepsWhatTheUnitsNeed() throws {
        let plan = try plan(["a": Index()], ["maxBytesPerSecond": "10MiB"])
        #expect(plan.maxBytesPerSecond == 10 << 20 && plan.allowPartial == false)
        let text = try #require(plan.cluster)
        let capabilities = try #require(ClusterCapabilities(text: text))
        #expect(capabilities.identity.version == "8.15.0" && capabilities.reader == .pointInTime)
    }

    @Test func theWindowIsHalfOfTheViewsThatTheServerAllows() throws {
        let indices = ["a": Index(shards: 40, documents: 400)]
        #expect(try plan(indices).window == 16)
        #expect(try plan(indices, isOpenSearch: true).window == 16)
        #expect(try plan(indices, isOpenSearch: true, limit: 10).window == 5)
        #expect(try plan(indices, isOpenSearch: true, limit: 1).window == 1)
    }
}
