import Bus
import Foundation
import HTTP
import Messages
import Runtime
import Scheduler
import Testing

/// The HTTP API of one Scheduler, as a program uses it.
struct SchedulerAPI: Sendable {
    struct Answer: CustomStringConvertible {
        var status: Int
        var headers: HTTPHeaders
        var text: String

        var json: JSONValue { get throws { try JSONValue(parsing: text) } }
        /// The code of a problem.
        var code: String? { get throws { try json["code"]?.string } }
        var description: String { "\(status) \(text.prefix(2000))" }
    }

    let url: String
    var token: String?

    func with(_ token: String?) -> SchedulerAPI { SchedulerAPI(url: url, token: token) }

    func get(_ path: String) async throws -> Answer { try await send("GET", path) }

    func post(_ path: String, _ body: JSONValue? = nil, key: String? = nil) async throws -> Answer {
        try await send("POST", path, body: body?.serialized(), headers: key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    /// - Parameter type: content type of the body.
    func send(
        _ method: String, _ path: String, body: String? = nil, type: String = "application/json", headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPRequest(method: method, url: url + path, body: body.map { .bytes(Array($0.utf8)) } ?? .none)
        if let token { request.headers["Authorization"] = "Bearer \(token)" }
        if body != nil { request.headers["Content-Type"] = type }
        for (name, value) in headers { request.headers[name] = value }
        let response = try HTTPClient().send(request)
        return Answer(status: response.status, headers: response.headers, text: String(decoding: response.body, as: UTF8.self))
    }

    /// Asks until the answer is as wanted.
    func get(_ path: String, _ what: String, where isWanted: (JSONValue) throws -> Bool) async throws -> JSONValue {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let answer = try await get(path)
            if answer.status == 200, try isWanted(try answer.json) { return try answer.json }
            try #require(.now < deadline, "\(what) did not come: \(answer)")
            await Task.yield()
        }
    }

    /// The lines of the event stream until one is as wanted.
    func events(_ path: String, after id: String? = nil, until isLast: (String) -> Bool) throws -> [String] {
        struct Enough: Error {}
        var request = HTTPRequest(url: url + path)
        if let token { request.headers["Authorization"] = "Bearer \(token)" }
        if let id { request.headers["Last-Event-ID"] = id }
        var lines: [String] = []
        var rest: [UInt8] = []
        do {
            let response = try HTTPClient().send(request) { bytes in
                rest += bytes
                while let end = rest.firstIndex(of: 0x0A) {
                    lines.append(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                    if isLast(lines[lines.count - 1]) { throw Enough() }
                }
            }
            Issue.record("the stream ended: \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        } catch is Enough {}
        return lines
    }
}

extension Site {
    /// The API of a Scheduler that was started, with the token that it made for itself.
    func api(of scheduler: ChildProcess, name: String = Topology.defaultScheduler) async throws -> SchedulerAPI {
        let line = try await scheduler.log.first("the API's address", within: .seconds(30)) { $0.contains("serving the API") }
        let url = try #require(try JSONValue(parsing: line)["address"]?.string)
        let token = try SecretFile.read(stateFolder(of: name) + "/admin-token")
        return SchedulerAPI(url: url, token: token)
    }
}
