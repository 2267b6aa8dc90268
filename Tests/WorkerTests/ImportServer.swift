import Elasticsearch
import Messages
import Runtime
import Testing

@testable import Worker

/// A server with at most one index, `new`, that refuses documents with the word "bad".
struct ImportServer {
    private struct State {
        /// Of the index; nil while there is none.
        var uuid: Int?
        var made = 0
    }

    /// - Parameter bulk: replies to a bulk request in the server's place, or does something to the index first.
    init(exists: Bool = false, bulk: @escaping @Sendable (_ delete: () -> Void) -> StubServer.Reply? = { _ in nil }) {
        self.exists = exists
        self.bulk = bulk
    }

    private let exists: Bool
    private let bulk: @Sendable (_ delete: () -> Void) -> StubServer.Reply?

    func load(
        _ file: CInt, pipeline: String? = nil, conflict: ConflictPolicy = .fail, allowsEmpty: Bool = false,
        isStopped: @escaping @Sendable () -> Bool = { false }, requests: ([StubServer.Request]) -> Void = { _ in }
    ) throws -> (report: DocumentImport.Report, rejects: [String], requests: [StubServer.Request]) {
        let state = Lock(State(uuid: exists ? 0 : nil))
        let bulk = bulk
        let server = try StubServer { request in
            let uuid = state.withLock { $0.uuid }
            switch (request.method, request.path) {
            case ("GET", "/_alias"): return StubServer.Reply(200, uuid == nil ? "{}" : #"{"new":{"aliases":{}}}"#)
            case ("GET", _) where request.target.contains("filter_path=*.aliases"): return StubServer.Reply(404, "{}")
            case ("GET", "/new"):
                guard let uuid else { return StubServer.Reply(404, "{}") }
                return StubServer.Reply(
                    200,
                    "{\"new\":{\"settings\":{\"index.uuid\":\"u\(uuid)\",\"index.number_of_shards\":\"1\"},\"mappings\":{}}}")
            case ("PUT", "/new"):
                state.withLock {
                    $0.made += 1
                    $0.uuid = $0.made
                }
                return StubServer.Reply(200, #"{"acknowledged":true}"#)
            case ("DELETE", "/new"):
                state.withLock { $0.uuid = nil }
                return StubServer.Reply(200, #"{"acknowledged":true}"#)
            case ("POST", "/new/_bulk"):
                if let reply = bulk({ state.withLock { $0.uuid = 99 } }) { return reply }
                let lines = request.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                let items = stride(from: 1, to: lines.count, by: 2).map { place in
                    lines[place].contains("bad")
                        ? #"{"index":{"status":400,"error":{"type":"document_parsing_exception","reason":"no"}}}"#
                        : #"{"index":{"status":201}}"#
                }
                return StubServer.Reply(
                    200, "{\"errors\":\(request.text.contains("bad")),\"items\":[\(items.joined(separator: ","))]}")
            default: return StubServer.Reply(200, #"{"acknowledged":true,"_shards":{"failed":0}}"#)
            }
        }
        defer { requests(server.requests) }
        let client = try ElasticsearchClient(
            configuration: ClusterConfiguration(url: server.url), retryPolicy: RetryPolicy(retries: 0))
        var rejects: [String] = []
        let report = try DocumentImport(client: client, place: "es").run(
            file: file, name: "lines", into: "new", pipeline: pipeline, conflict: conflict, allowsEmpty: allowsEmpty,
            isStopped: isStopped
        ) { rejects.append(String(decoding: $0.bytes, as: UTF8.self)) }
        return (report, rejects, server.requests)
    }
}
