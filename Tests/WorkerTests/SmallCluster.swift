import Elasticsearch
import Foundation
import Runtime

/// Indices with aliases over HTTP: enough of an engine for what stands between `prepare` and rest. Every index has three documents.
final class SmallCluster: Sendable {
    private struct State {
        var indices: [String: (uuid: String, aliases: [String])] = [:]
        var made = 0
        var countdown: Int?
        var templates: Set<String> = []
        /// Of an index template of somebody else over every index; nil: there is none.
        var foreignMapping: JSONValue?
        /// The session's own cannot be put.
        var refusesTemplates = false
        /// Indices that cannot be made.
        var unmakable: Set<String> = []

        /// - Returns: status and body.
        mutating func answer(_ request: StubServer.Request) -> (Int, JSONValue) {
            let parts = request.path.split(separator: "/").map(String.init)
            let missing: (Int, JSONValue) = (404, ["error": ["type": "index_not_found_exception", "reason": "no such index"]])
            switch (request.method, parts.count, parts.last ?? "") {
            case ("GET", 0, _): return (200, ["cluster_name": "c", "cluster_uuid": "u", "version": ["number": "8.19.0"]])
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
            case ("PUT", 2, let template) where parts[0] == "_index_template":
                if refusesTemplates { return (403, ["error": ["type": "security_exception", "reason": "not allowed"]]) }
                templates.insert(template)
                return (200, ["acknowledged": true])
            case ("DELETE", 2, let template) where parts[0] == "_index_template":
                return templates.remove(template) == nil ? (404, [:]) : (200, ["acknowledged": true])
            case ("GET", 1, "_index_template"):
                let foreign: JSONValue = ["name": "foreign", "index_template": ["index_patterns": ["*"]]]
                return (200, ["index_templates": foreignMapping == nil ? [] : [foreign]])
            case ("GET", 1, "_template"): return (200, [:])
            case ("PUT", 1, let name)
            where indices[name] == nil && unmakable.contains(name.hasPrefix("sheaf-trial-") ? "*" : name):
                return (400, ["error": ["type": "mapper_parsing_exception", "reason": "no handler for type [odd]"]])
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
                let mappings = templates.isEmpty ? foreignMapping ?? [:] : [:]
                let described: JSONValue = ["settings": settings, "mappings": mappings, "aliases": aliases(index.aliases)]
                return (200, .object([.init(name: name, value: described)]))
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

    /// - Parameters:
    ///   - foreignMapping: what an index template of somebody else adds to every index.
    ///   - unmakable: names of indices that the cluster refuses to make; `*` stands for all trials.
    init(
        _ indices: [String: [String]], foreignMapping: JSONValue? = nil, refusesTemplates: Bool = false,
        unmakable: Set<String> = []
    ) throws {
        var first = State()
        first.foreignMapping = foreignMapping
        first.refusesTemplates = refusesTemplates
        first.unmakable = unmakable
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

    var templates: Set<String> { state.withLock { $0.templates } }

    var aliases: [String: [String]] { state.withLock { $0.indices.mapValues(\.aliases) } }

    func uuid(_ index: String) -> String? { state.withLock { $0.indices[index]?.uuid } }
}
