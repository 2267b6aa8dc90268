import Foundation
import HTTP
import Runtime
import Testing

/// A search server as the tests see it: plain HTTP, with responses as bytes, beside all that the product does.
///
/// Blocking calls run on a thread of its own.
actor Engine {
    nonisolated let server: TestServer
    nonisolated let url: String
    private let executor: ThreadExecutor
    private let client: HTTPClient
    private let authorization: String?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ server: TestServer) throws {
        self.server = server
        url = try server.url()
        executor = try ThreadExecutor(name: "e2e-engine")
        var configuration = HTTPClientConfiguration(stallTimeout: .seconds(120))
        configuration.tls.caBundle = try server.certificateAuthority().map { Array($0.utf8) }
        client = try HTTPClient(configuration: configuration)
        authorization = server.credentials.map { "Basic " + Data("\($0.user):\($0.password)".utf8).base64EncodedString() }
    }

    /// - Parameters:
    ///   - path: percent-encoded, with its query.
    ///   - login: of somebody else, as the value of `Authorization`.
    func send(
        _ method: String, _ path: String, _ body: [UInt8] = [], type: String = "application/json", as login: String? = nil
    ) throws -> HTTPResponse {
        var request = HTTPRequest(method: method, url: url + path)
        if !body.isEmpty {
            request.body = .bytes(body)
            request.headers["Content-Type"] = type
        }
        if let authorization = login ?? authorization { request.headers["Authorization"] = authorization }
        return try client.send(request)
    }

    /// - Throws: when the answer is not a success, with its text.
    @discardableResult func call(_ method: String, _ path: String, _ body: JSONValue? = nil) throws -> JSONValue {
        try answer(try send(method, path, body.map { $0.serializedBytes() } ?? []), to: "\(method) \(path)")
    }

    /// Creates an index; it goes with `deleteIndices`.
    func create(_ index: String, settings: JSONValue = [:], mappings: JSONValue = [:], aliases: JSONValue = [:]) throws {
        var body: JSONValue = ["settings": settings]
        if mappings.members?.isEmpty == false { body["mappings"] = mappings }
        if aliases.members?.isEmpty == false { body["aliases"] = aliases }
        try call("PUT", "/\(index)", body)
    }

    /// Loads pairs of action and source lines and refuses to go on when one item was refused.
    func bulk(_ index: String, _ lines: [UInt8]) throws {
        let path = "/\(index)/_bulk"
        let answer = try answer(try send("POST", path, lines, type: "application/x-ndjson"), to: "POST \(path)")
        guard answer["errors"]?.bool == false else {
            throw Refused(message: "bulk into \(index): \(answer.description.prefix(2000))")
        }
    }

    /// One document, its bytes as they are.
    func put(_ document: NastyDocument, in index: String) throws {
        let path =
            "/\(index)/_doc/\(document.id.percentEncoded)" + (document.routing.map { "?routing=\($0.percentEncoded)" } ?? "")
        try answer(try send("PUT", path, document.source), to: "PUT \(path.prefix(200))")
    }

    func refresh(_ index: String) throws { try call("POST", "/\(index)/_refresh") }

    func count(_ index: String) throws -> Int {
        try #require(try call("GET", "/\(index)/_count")["count"]?.int)
    }

    func exists(_ index: String) throws -> Bool { try send("HEAD", "/\(index)").status == 200 }

    /// Best effort: what is not there is no error.
    func delete(_ index: String) throws {
        let response = try send("DELETE", "/\(index)")
        guard response.isSuccess || response.status == 404 else {
            throw Refused(message: "DELETE /\(index): \(String(decoding: response.body, as: UTF8.self))")
        }
    }

    @discardableResult private func answer(_ response: HTTPResponse, to what: String) throws -> JSONValue {
        guard response.isSuccess else {
            throw Refused(message: "\(what): \(response.status) \(String(decoding: response.body.prefix(2000), as: UTF8.self))")
        }
        return response.body.isEmpty ? .null : try JSONValue(parsing: response.body)
    }

    struct Refused: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
    }
}

extension String {
    /// Everything but letters and digits, dots too: clients drop `..` from paths.
    var percentEncoded: String {
        let hex = Array("0123456789ABCDEF")
        var text = ""
        for byte in utf8 {
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            text += isPlain ? String(UnicodeScalar(byte)) : "%\(hex[Int(byte >> 4)])\(hex[Int(byte & 15)])"
        }
        return text
    }
}

extension Engine {
    /// Runs the body and deletes the indices on every way out.
    nonisolated func use(_ indices: [String], _ body: () async throws -> Void) async throws {
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        for index in indices { try await delete(index) }
        try result.get()
    }
}
