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

    /// Index `a` with the alias `all` is restored; `x` has the alias before.
    static let cases: [Case] = [
        Case(placement: nil, before: ["x": ["all"]], settled: ["x": ["all"], "a": ["all"]], dropped: ["x": ["all"]]),
        Case(placement: .append, before: ["a": ["all"]], settled: ["a": ["all"]], dropped: ["a": ["all"]]),
        Case(
            placement: .overwrite, before: ["a": ["mine"], "x": ["all"]], settled: ["x": ["all"], "a": ["all"]],
            dropped: ["x": ["all"]]),
        Case(placement: .swapAlias, before: ["x": ["all"]], settled: ["x": [], "a": ["all"]], dropped: ["x": ["all"]]),
    ]

    private func plan(_ placement: IndexPlacement?, blocks: Bool = false) -> PlanEntry {
        var definition = IndexDefinition(name: "a", uuid: "u", numberOfShards: 1, aliases: ["all": [:]])
        if blocks { definition.settings["index.blocks.read_only"] = "true" }
        var index = PlannedIndex(
            name: "a", targetName: "a", uuid: "u", shards: 1, documents: 3, definition: definition.json.serialized())
        index.placement = placement
        index.replaces = placement == .overwrite ? "uuid-0" : nil
        var plan = Samples.plan(slices: [])
        plan.indices = [index]
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
        #expect(cluster.aliases["a"]?.contains("sheaf-abc-0") == true)
        let made = cluster.uuid("a")
        try target(cluster).prepare(plan) {}
        #expect(cluster.uuid("a") == made, "a repeated message must not make it anew")
        _ = try persist(cluster, afterEachRequest: breaking) { _ = try $0.settle(plan, expected: [3]) }
        #expect(cluster.aliases.mapValues { $0.sorted() } == test.settled)
    }

    @Test(arguments: cases.indices, [false, true])
    func whatIsPreparedIsDropped(_ position: Int, breaking: Bool) throws {
        let test = Self.cases[position]
        let cluster = try SmallCluster(test.before)
        let plan = plan(test.placement)
        try target(cluster).prepare(plan) {}
        _ = try persist(cluster, afterEachRequest: breaking) { try $0.drop(plan) }
        #expect(cluster.aliases.mapValues { $0.sorted() } == test.dropped)
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
        let cluster = try SmallCluster(["x": ["all"]])
        let plan = plan(.swapAlias)
        try target(cluster).prepare(plan) {}
        let error = #expect(throws: WorkerError.self) { _ = try target(cluster).settle(plan, expected: [4]) }
        #expect(error?.message.contains("has 3 documents after the restore, the snapshot 4") == true)
        #expect(cluster.aliases == ["x": ["all"], "a": []])
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
}

/// Indices with aliases over HTTP: enough of an engine for what stands between `prepare` and rest. Every index has three documents.
private final class SmallCluster: Sendable {
    private struct State {
        var indices: [String: (uuid: String, aliases: [String])] = [:]
        var made = 0
        var countdown: Int?

        /// - Returns: status and body.
        mutating func answer(_ request: StubServer.Request) -> (Int, JSONValue) {
            let parts = request.path.split(separator: "/").map(String.init)
            let missing: (Int, JSONValue) = (404, ["error": ["type": "index_not_found_exception", "reason": "no such index"]])
            switch (request.method, parts.count, parts.last ?? "") {
            case ("POST", 1, "_aliases"):
                guard let body = try? JSONValue(parsing: request.body) else { return (400, [:]) }
                return apply(body["actions"]?.array ?? [])
            case ("GET", 2, "_alias"):
                guard let index = indices[parts[0]] else { return missing }
                return (200, .object([.init(name: parts[0], value: ["aliases": aliases(index.aliases)])]))
            case ("GET", 2, let alias) where parts[0] == "_alias":
                let holders = indices.filter { $0.value.aliases.contains(alias) }
                guard !holders.isEmpty else { return (404, [:]) }
                return (200, .object(holders.map { .init(name: $0.key, value: ["aliases": aliases($0.value.aliases)]) }))
            case ("PUT", 1, let name):
                guard indices[name] == nil else {
                    return (400, ["error": ["type": "resource_already_exists_exception", "reason": "it exists"]])
                }
                let body = try? JSONValue(parsing: request.body)
                made += 1
                indices[name] = ("uuid-\(made)", (body?["aliases"]?.members ?? []).map(\.name))
                return (200, ["acknowledged": true])
            case ("GET", 1, let name):
                guard let index = indices[name] else { return missing }
                let settings: JSONValue = ["index.uuid": .string(index.uuid), "index.number_of_shards": "1"]
                return (200, .object([.init(name: name, value: ["settings": settings, "mappings": [:], "aliases": [:]])]))
            case ("DELETE", 1, let name):
                indices[name] = nil
                return (200, ["acknowledged": true])
            case (_, 2, "_refresh"): return (200, ["_shards": ["failed": 0]])
            case (_, 2, "_count"): return (200, ["count": 3, "_shards": ["failed": 0]])
            case ("PUT", 2, "_settings"): return (200, ["acknowledged": true])
            default: return (405, [:])
            }
        }

        private func aliases(_ names: [String]) -> JSONValue { .object(names.map { .init(name: $0, value: [:]) }) }

        /// All at once or not at all.
        private mutating func apply(_ actions: [JSONValue]) -> (Int, JSONValue) {
            var next = indices
            for action in actions {
                guard let member = action.members?.first, let name = member.value["index"]?.string,
                    let alias = member.value["alias"]?.string, next[name] != nil
                else { return (404, ["error": ["type": "index_not_found_exception", "reason": "no such index"]]) }
                let has = next[name]?.aliases.contains(alias) == true
                if member.name == "add", !has { next[name]?.aliases.append(alias) }
                if member.name == "remove" {
                    guard has else { return (404, ["error": ["type": "aliases_not_found_exception", "reason": "missing"]]) }
                    next[name]?.aliases.removeAll { $0 == alias }
                }
            }
            indices = next
            return (200, ["acknowledged": true])
        }
    }

    private let state: Lock<State>
    let server: StubServer

    init(_ indices: [String: [String]]) throws {
        var first = State()
        first.indices = indices.mapValues { ("uuid-0", $0) }
        let state = Lock(first)
        self.state = state
        server = try StubServer { request in
            state.withLock { state in
                let (status, body) = state.answer(request)
                if let left = state.countdown {
                    state.countdown = left - 1
                    // Done, and nobody hears of it.
                    if left == 0 { return StubServer.Reply(503, "{}") }
                }
                return StubServer.Reply(status, body.serialized())
            }
        }
    }

    /// The reply to the request after so many is an error, although it was carried out; nil: no more.
    func loseReply(number: Int?) { state.withLock { $0.countdown = number } }

    var aliases: [String: [String]] { state.withLock { $0.indices.mapValues(\.aliases) } }

    func uuid(_ index: String) -> String? { state.withLock { $0.indices[index]?.uuid } }
}
