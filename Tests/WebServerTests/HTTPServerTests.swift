import Testing
import WebServer

private func get(_ path: String, port: Int, method: String = "GET") async throws -> String {
    try await exchange("\(method) \(path) HTTP/1.1\r\nHost: t\r\nX-Test: yes\r\nConnection: close\r\n\r\n", port: port)
}

private let routes: [WebRoute] = [
    .get("/healthz") { _ in .text("ok\n") },
    .get("/echo") { request in
        .text("\(request.method) \(request[query: "a"] ?? "-") \(request.query.count) \(request[header: "x-test"] ?? "-")")
    },
    .get("/big") { _ in WebResponse(status: 503, body: [UInt8](repeating: 0x61, count: 3_000_000)) },
]

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    @Test func routeIsAnswered() async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        #expect(server.port > 0)
        let answer = try await get("/healthz", port: server.port)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("Content-Type: text/plain; charset=utf-8\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nok\n"))
    }

    @Test func queryAndHeadersReachTheHandler() async throws {
        let server = try HTTPServer(host: "localhost", port: 0, routes: routes)
        #expect(try await get("/echo?a=x%20y&b&a=2", port: server.port).hasSuffix("\r\n\r\nGET 2 3 yes"))
        #expect(try await get("/echo?a=x%20y", port: server.port).hasSuffix("\r\n\r\nGET x y 1 yes"))
    }

    @Test func headHasNoBody() async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let answer = try await get("/healthz", port: server.port, method: "HEAD")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("Content-Length: 3\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test func unknownPathsAndMethodsAreRefused() async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        #expect(try await get("/healthz/", port: server.port).hasPrefix("HTTP/1.1 404 "))
        let answer = try await get("/healthz", port: server.port, method: "DELETE")
        #expect(answer.hasPrefix("HTTP/1.1 405 "))
        #expect(answer.contains("Allow: GET, HEAD\r\n"))
        let posted = try await exchange(
            "POST /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", port: server.port)
        #expect(posted.hasPrefix("HTTP/1.1 405 "))
    }

    @Test func connectionIsKeptForTheNextRequest() async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let answers = try await exchange(
            "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\nGET /nothing HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
            port: server.port)
        #expect(answers.contains("HTTP/1.1 200 OK") && answers.contains("HTTP/1.1 404 "))
    }

    @Test func largeBodyArrivesWhole() async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let answer = try await get("/big", port: server.port)
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(answer.utf8.count { $0 == 0x61 } >= 3_000_000)
    }

    @Test func portInUseIsNamed() async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let error = #expect(throws: WebServerError.self) {
            try HTTPServer(host: "127.0.0.1", port: server.port, routes: routes)
        }
        #expect(error?.code == .addressInUse)
        #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
        server.stop()
        let next = try HTTPServer(host: "127.0.0.1", port: server.port, routes: routes)
        #expect(try await get("/healthz", port: next.port).hasSuffix("ok\n"))
    }

    @Test func portIsFreeOnceTheServerIsGone() async throws {
        let port = try await {
            let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
            _ = try await get("/healthz", port: server.port)
            return server.port
        }()
        let next = try HTTPServer(host: "127.0.0.1", port: port, routes: routes)
        next.stop()
        next.stop()
        #expect(next.port == port)
    }

    @Test(arguments: [("no-such-host.invalid", WebServerError.Code.unknownHost), ("192.0.2.1", .addressNotAllowed)])
    func addressThatIsNotOursIsNamed(_ host: String, _ code: WebServerError.Code) async throws {
        let error = #expect(throws: WebServerError.self) { try HTTPServer(host: host, port: 0, routes: []) }
        #expect(error?.code == code)
        #expect(error?.message.contains(host) == true)
    }

    @Test func bothAddressFamiliesAreServed() async throws {
        let server = try HTTPServer(host: "::", port: 0, routes: routes)
        #expect(try await get("/healthz", port: server.port).hasSuffix("ok\n"))
    }
}
