import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// Every conflict policy, begun again after each of its requests: a small cluster in memory that breaks off where it is told to.
@Suite struct ConflictPolicyTests {
    /// What stands after the session, whatever happened on the way.
    struct Case: Sendable {
        let placement: IndexPlacement?
        let before: [String: [String]]
        let settled: [String: [String]]
        let dropped: [String: [String]]
    }

    private static let snapshot = SnapshotID(startedAt: Samples.time, session: Samples.session)
    private static let time = snapshot.timeInNames

    /// Index `a` with the alias `all` is restored; `x` has the alias before.
    static let cases: [Case] = [
        Case(placement: nil, before: ["x": ["all"]], settled: ["x": ["all"], "a": ["all"]], dropped: ["x": ["all"]]),
        Case(placement: .append, before: ["a": ["all"]], settled: ["a": ["all"]], dropped: ["a": ["all"]]),
        Case(
            placement: .overwrite, before: ["a": ["mine"], "x": ["all"]], settled: ["x": ["all"], "a": ["all"]],
            dropped: ["x": ["all"]]),
        // What the swap replaces loses the alias; whatever else has it keeps it.
        Case(
            placement: .swapAlias, before: ["a": ["all"], "a-\(time)": ["all"], "a-b": ["all"], "x": ["all"]],
            settled: ["a": [], "a-\(time)": [], "a-b": ["all"], "x": ["all"], "a-\(time)-abc": ["all"]],
            dropped: ["a": ["all"], "a-\(time)": ["all"], "a-b": ["all"], "x": ["all"]]),
    ]

    private func plan(_ placement: IndexPlacement?, blocks: Bool = false) -> PlanEntry {
        var definition = IndexDefinition(name: "a", uuid: "u", numberOfShards: 1, aliases: ["all": [:]])
        if blocks { definition.settings["index.blocks.read_only"] = "true" }
        var index = PlannedIndex(
            name: "a", targetName: placement == .swapAlias ? "a-\(Self.time)-abc" : "a", uuid: "u", shards: 1, documents: 3,
            definition: definition.json.serialized())
        index.placement = placement
        index.replaces = placement == .overwrite ? "uuid-0" : nil
        var plan = Samples.plan(slices: [])
        plan.indices = [index]
        plan.snapshot = Self.snapshot
        return plan
    }

    private func target(_ cluster: SmallCluster) throws -> RestoreTarget {
        let client = try ElasticsearchClient(
            configuration: ClusterConfiguration(url: cluster.server.url), retryPolicy: RetryPolicy(retries: 0))
        return RestoreTarget(client: client, session: Samples.session)
    }

    /// - Returns: how often it broke off.
    private func persist(_ cluster: SmallCluster, afterEachRequest: Bool, _ work: (RestoreTarget) throws -> Void) throws -> Int {
        var broken = 0
        if afterEachRequest {
            while true {
                cluster.loseReply(number: broken)
                do {
                    try work(try target(cluster))
                    break
                } catch let error as ElasticsearchError where error.isRetryable {
                    broken += 1
                    try #require(broken < 100)
                }
            }
            cluster.loseReply(number: nil)
        }
        try work(try target(cluster))
        return broken
    }

    @Test(arguments: cases.indices, [false, true])
    func whatIsPreparedIsSettled(_ position: Int, breaking: Bool) throws {
        let test = Self.cases[position]
        let cluster = try SmallCluster(test.before)
        let plan = plan(test.placement)
        let broken = try persist(cluster, afterEachRequest: breaking) { try $0.prepare(plan) {} }
        #expect(!breaking || broken > 0)
        let name = plan.indices[0].targetName
        #expect(cluster.aliases[name]?.contains("sheaf-abc-0") == true)
        #expect(cluster.templates.isEmpty == (test.placement == .append))
        let made = cluster.uuid(name)
        try target(cluster).prepare(plan) {}
        #expect(cluster.uuid(name) == made, "a repeated message must not make it anew")
        _ = try persist(cluster, afterEachRequest: breaking) { _ = try $0.settle(plan, expected: [3]) }
        #expect(cluster.aliases.mapValues { $0.sorted() } == test.settled)
        #expect(cluster.templates.isEmpty)
    }

    @Test(arguments: cases.indices, [false, true])
    func whatIsPreparedIsDropped(_ position: Int, breaking: Bool) throws {
        let test = Self.cases[position]
        let cluster = try SmallCluster(test.before)
        let plan = plan(test.placement)
        try target(cluster).prepare(plan) {}
        _ = try persist(cluster, afterEachRequest: breaking) { try $0.drop(plan) }
        #expect(cluster.aliases.mapValues { $0.sorted() } == test.dropped)
        #expect(cluster.templates.isEmpty)
    }

    @Test func overwriteDeletesNothingButWhatThePlanNamed() throws {
        let cluster = try SmallCluster(["a": ["mine"]])
        var plan = plan(.overwrite)
        plan.indices[0].replaces = "another"
        let error = #expect(throws: WorkerError.self) { try target(cluster).prepare(plan) {} }
        #expect(error?.message.contains("was created by somebody else") == true)
        #expect(cluster.aliases == ["a": ["mine"]])
    }

    @Test func aSwapWithDocumentsMissingMovesNoAlias() throws {
        let cluster = try SmallCluster(["a": ["all"]])
        let plan = plan(.swapAlias)
        try target(cluster).prepare(plan) {}
        let error = #expect(throws: WorkerError.self) { _ = try target(cluster).settle(plan, expected: [4]) }
        #expect(error?.message.contains("has 3 documents after the restore, the snapshot 4") == true)
        #expect(cluster.aliases == ["a": ["all"], plan.indices[0].targetName: []])
    }

    @Test func whatWasAppendedToHasAtLeastItsDocuments() throws {
        let cluster = try SmallCluster(["a": []])
        let plan = plan(.append)
        try target(cluster).prepare(plan) {}
        #expect(try target(cluster).settle(plan, expected: [2]) == [])
        #expect(throws: WorkerError.self) { _ = try target(cluster).settle(plan, expected: [4]) }
        #expect(!cluster.server.requests.contains { $0.path == "/a/_settings" }, "its settings stay")
    }

    /// Blocks come last, and are lifted first where an earlier try had set them.
    @Test func anIndexThatIsReadOnlyInTheEndCanBeSettledAgain() throws {
        let cluster = try SmallCluster([:])
        let plan = plan(nil, blocks: true)
        try target(cluster).prepare(plan) {}
        for _ in 0..<2 { #expect(try target(cluster).settle(plan, expected: [3]) == []) }
        let settings = cluster.server.requests.filter { $0.path == "/a/_settings" }.map(\.text)
        let once = [
            #"{"index.blocks.read_only":null}"#, #"{"index.refresh_interval":null,"index.number_of_replicas":null}"#,
            #"{"index.blocks.read_only":"true"}"#,
        ]
        #expect(settings == once + once)
        #expect(cluster.server.requests.last?.path == "/a/_settings")
    }

    /// What stays must be of use: searches are refreshed and replicas are made, whatever was counted.
    @Test func anIndexThatCountsWronglyGetsItsSettingsAndAliasesAllTheSame() throws {
        let cluster = try SmallCluster([:])
        let plan = plan(nil)
        try target(cluster).prepare(plan) {}
        let error = #expect(throws: WorkerError.self) { _ = try target(cluster).settle(plan, expected: [4]) }
        #expect(error?.message.contains("It stays as it is, with the snapshot's settings and aliases") == true, "\(error as Any)")
        #expect(cluster.aliases == ["a": ["all"]] && cluster.templates.isEmpty)
        let settings = cluster.server.requests.filter { $0.path == "/a/_settings" }.map(\.text)
        #expect(settings == [#"{"index.refresh_interval":null,"index.number_of_replicas":null}"#])
    }

    /// A backup that ran beside the restore saved its load alias, and another restore gave it to another index.
    @Test func whatOnlyHasTheLoadAliasIsNotDropped() throws {
        let cluster = try SmallCluster(["copy": ["sheaf-abc-0"]])
        let plan = plan(nil)
        try target(cluster).prepare(plan) {}
        try target(cluster).drop(plan)
        #expect(cluster.aliases == ["copy": ["sheaf-abc-0"]])
    }

    // MARK: - Index templates of others

    private static let sourceless: JSONValue = ["_source": ["enabled": false]]

    @Test func theSessionsTemplateKeepsOthersFromItsIndicesAlone() throws {
        let cluster = try SmallCluster(["a": []], foreignMapping: Self.sourceless)
        try target(cluster).prepare(plan(.overwrite)) {}
        let put = try #require(cluster.server.requests.first { $0.method == "PUT" })
        #expect(put.path == "/_index_template/.sheaf-abc", "before any index is made")
        let body = try JSONValue(parsing: put.body)
        #expect(body["index_patterns"] == ["a", "sheaf-trial-abc-0"] && body["template"] == nil, "\(body)")
        let other = SessionTemplate(client: try target(cluster).client, session: Samples.makeID("abd"))
        #expect(body["priority"]?.int ?? 0 > 4_000_000_000_000_000_000 && body["priority"]?.int != other.priority)
    }

    @Test func anIndexThatTemplatesWouldChangeIsNotRestored() throws {
        let cluster = try SmallCluster([:], foreignMapping: Self.sourceless, refusesTemplates: true)
        let error = #expect(throws: WorkerError.self) { try target(cluster).prepare(plan(nil)) {} }
        #expect(error?.message.contains("index a would not be") == true && error?.message.contains("mapping _source") == true)
        #expect(error?.message.contains("(foreign)") == true, "\(error as Any)")
        #expect(cluster.aliases.isEmpty)
        let plain = try SmallCluster([:], refusesTemplates: true)
        try target(plain).prepare(plan(nil)) {}
        #expect(plain.aliases == ["a": ["sheaf-abc-0"]], "where no template changes anything, none is needed")
    }

    @Test func nothingIsOverwrittenWhereTemplatesCannotBeKeptAway() throws {
        let cluster = try SmallCluster(["a": ["mine"]], foreignMapping: Self.sourceless, refusesTemplates: true)
        let error = #expect(throws: WorkerError.self) { try target(cluster).prepare(plan(.overwrite)) {} }
        #expect(error?.message.contains("index a was not overwritten") == true, "\(error as Any)")
        #expect(cluster.aliases == ["a": ["mine"]])
    }

    // MARK: - Overwriting

    @Test func anIndexThatCannotBeMadeAnewIsNotDeleted() throws {
        let cluster = try SmallCluster(["a": ["mine"]], unmakable: ["*"])
        let error = #expect(throws: WorkerError.self) { try target(cluster).prepare(plan(.overwrite)) {} }
        #expect(error?.message.contains("index a was not overwritten, since it could not be made anew") == true)
        #expect(error?.message.contains("no handler for type [odd]") == true, "\(error as Any)")
        #expect(cluster.aliases == ["a": ["mine"]])
    }

    /// A worker that was killed, or was told late, may leave one.
    @Test(arguments: [true, false]) func noTrialIsLeft(isSettled: Bool) throws {
        let cluster = try SmallCluster(["a": ["mine"], "sheaf-trial-abc-0": []])
        let plan = plan(.overwrite)
        if isSettled { try target(cluster).make(plan, .alone) {} }
        if isSettled { _ = try target(cluster).settle(plan, expected: [3]) } else { try target(cluster).drop(plan) }
        #expect(Set(cluster.aliases.keys) == ["a"])
    }

    @Test func whoDeletedSaysSo() throws {
        // Its trial could be made.
        let cluster = try SmallCluster(["a": ["mine"]], unmakable: ["a"])
        let error = #expect(throws: WorkerError.self) { try target(cluster).prepare(plan(.overwrite)) {} }
        #expect(error?.message.contains("the former index a has been deleted to be overwritten") == true, "\(error as Any)")
        #expect(cluster.aliases.isEmpty)
    }
}
