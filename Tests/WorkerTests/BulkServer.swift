import Foundation
import Runtime

/// A cluster that takes documents and remembers them, until it is told to do otherwise.
final class BulkServer: Sendable {
    /// What becomes of a document: nil accepts it, else its status, the error's type and its reason.
    typealias Fate = @Sendable (_ id: String, _ source: String) -> (status: Int, type: String, reason: String)?
    /// What becomes of a request: nil lets the documents decide. Requests are numbered from 0.
    typealias Disturbance = @Sendable (_ number: Int, _ request: StubServer.Request) -> StubServer.Reply?

    struct Stored: Sendable {
        var action: String
        var source: String
    }

    fileprivate struct State {
        var stored: [String: Stored] = [:]
        var requests = 0
        var inFlight = 0
        var mostInFlight = 0
    }

    private let state = State.makeLock()
    private let server: StubServer

    var url: String { server.url }
    var requests: [StubServer.Request] { server.requests }
    /// Action line and source, by id.
    var stored: [String: Stored] { state.withLock { $0.stored } }
    var mostInFlight: Int { state.withLock { $0.mostInFlight } }

    init(_ disturb: @escaping Disturbance = { _, _ in nil }, fate: @escaping Fate = { _, _ in nil }) throws {
        let state = state
        server = try StubServer { request in
            let number = state.withLock { state in
                state.requests += 1
                state.inFlight += 1
                state.mostInFlight = max(state.mostInFlight, state.inFlight)
                return state.requests - 1
            }
            defer { state.withLock { $0.inFlight -= 1 } }
            if let reply = disturb(number, request) { return reply }
            if request.method == "PUT" { return Self.put(request, state, fate) }
            return Self.bulk(request, state, fate)
        }
    }

    private static func bulk(_ request: StubServer.Request, _ state: Lock<State>, _ fate: Fate) -> StubServer.Reply {
        let lines = request.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        var items: [String] = []
        var hasErrors = false
        for place in stride(from: 0, to: lines.count - 1, by: 2) {
            let action = (try? JSONValue(parsing: lines[place]))?.members?.first
            let id = action?.value["_id"]?.string ?? ""
            var refusal = fate(id, lines[place + 1])
            if refusal == nil { refusal = store(id, lines[place], lines[place + 1], creates: action?.name == "create", state) }
            if let refusal {
                hasErrors = true
                items.append(
                    #"{"index":{"status":\#(refusal.status),"error":{"type":"\#(refusal.type)","reason":"\#(refusal.reason)"}}}"#)
            } else {
                items.append(#"{"index":{"status":201}}"#)
            }
        }
        return StubServer.Reply(200, #"{"errors":\#(hasErrors),"items":[\#(items.joined(separator: ","))]}"#)
    }

    private static func put(_ request: StubServer.Request, _ state: Lock<State>, _ fate: Fate) -> StubServer.Reply {
        let id = String(request.path.split(separator: "/").last ?? "").removingPercentEncoding ?? ""
        let creates = request.target.contains("op_type=create")
        if let refusal = fate(id, request.text) ?? store(id, request.target, request.text, creates: creates, state) {
            return StubServer.Reply(refusal.status, #"{"error":{"type":"\#(refusal.type)","reason":"\#(refusal.reason)"}}"#)
        }
        return StubServer.Reply(201)
    }

    private static func store(
        _ id: String, _ action: String, _ source: String, creates: Bool, _ state: Lock<State>
    ) -> (status: Int, type: String, reason: String)? {
        state.withLock { state in
            if creates, state.stored[id] != nil { return (409, "version_conflict_engine_exception", "already exists") }
            state.stored[id] = Stored(action: action, source: source)
            return nil
        }
    }
}

extension BulkServer.State {
    fileprivate static func makeLock() -> Lock<BulkServer.State> { Lock(BulkServer.State()) }
}
