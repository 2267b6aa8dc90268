import Glibc
import Testing
import WebServer

/// Sends one text to the server and reads until it closes.
private func exchange(_ text: String, port: Int) throws -> String {
    let file = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    try #require(file >= 0)
    defer { close(file) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    try #require(result == 0)
    let bytes = Array(text.utf8)
    try #require(send(file, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = recv(file, &piece, piece.count, 0)
        if count <= 0 { break }
        answer += piece.prefix(count)
    }
    return String(decoding: answer, as: UTF8.self)
}

private func get(_ path: String, port: Int, method: String = "GET") throws -> String {
    try exchange("\(method) \(path) HTTP/1.1\r\nHost: t\r\nX-Test: yes\r\nConnection: close\r\n\r\n", port: port)
}

private let routes: [WebRoute] = [
    .get("/healthz") { _ in .text("ok\n") },
    .get("/echo") { request in
        .text("\(request.method) \(request[query: "a"] ?? "-") \(request.query.count) \(request[header: "x-test"] ?? "-")")
    },
    .get("/big") { _ in WebResponse(status: 503, body: [UInt8](repeating: 0x61, count: 3_000_000)) },
]

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    @Test func routeIsAnswered() throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        #expect(server.port > 0)
        let answer = try get("/healthz", port: server.port)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("Content-Type: text/plain; charset=utf-8\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nok\n"))
    }

    @Test func queryAndHeadersReachTheHandler() throws {
        let server = try HTTPServer(host: "localhost", port: 0, routes: routes)
        #expect(try get("/echo?a=x%20y&b&a=2", port: server.port).hasSuffix("\r\n\r\nGET 2 3 yes"))
        #expect(try get("/echo?a=x%20y", port: server.port).hasSuffix("\r\n\r\nGET x y 1 yes"))
    }

    @Test func headHasNoBody() throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let answer = try get("/healthz", port: server.port, method: "HEAD")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("Content-Length: 3\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test func unknownPathsAndMethodsAreRefused() throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        #expect(try get("/healthz/", port: server.port).hasPrefix("HTTP/1.1 404 "))
        let answer = try get("/healthz", port: server.port, method: "DELETE")
        #expect(answer.hasPrefix("HTTP/1.1 405 "))
        #expect(answer.contains("Allow: GET, HEAD\r\n"))
        let posted = try exchange(
            "POST /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", port: server.port)
        #expect(posted.hasPrefix("HTTP/1.1 405 "))
    }

    @Test func connectionIsKeptForTheNextRequest() throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let answers = try exchange(
            "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\nGET /nothing HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
            port: server.port)
        #expect(answers.contains("HTTP/1.1 200 OK") && answers.contains("HTTP/1.1 404 "))
    }

    @Test func largeBodyArrivesWhole() throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let answer = try get("/big", port: server.port)
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(answer.utf8.count { $0 == 0x61 } >= 3_000_000)
    }

    @Test func portInUseIsNamed() throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let error = #expect(throws: WebServerError.self) {
            try HTTPServer(host: "127.0.0.1", port: server.port, routes: routes)
        }
        #expect(error?.code == .addressInUse)
        #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
        server.stop()
        let next = try HTTPServer(host: "127.0.0.1", port: server.port, routes: routes)
        #expect(try get("/healthz", port: next.port).hasSuffix("ok\n"))
    }

    @Test func portIsFreeOnceTheServerIsGone() throws {
        let port = try {
            let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
            _ = try get("/healthz", port: server.port)
            return server.port
        }()
        let next = try HTTPServer(host: "127.0.0.1", port: port, routes: routes)
        next.stop()
        next.stop()
        #expect(next.port == port)
    }

    @Test(arguments: [("no-such-host.invalid", WebServerError.Code.unknownHost), ("192.0.2.1", .addressNotAllowed)])
    func addressThatIsNotOursIsNamed(_ host: String, _ code: WebServerError.Code) {
        let error = #expect(throws: WebServerError.self) { try HTTPServer(host: host, port: 0, routes: []) }
        #expect(error?.code == code)
        #expect(error?.message.contains(host) == true)
    }

    @Test func bothAddressFamiliesAreServed() throws {
        let server = try HTTPServer(host: "::", port: 0, routes: routes)
        #expect(try get("/healthz", port: server.port).hasSuffix("ok\n"))
    }
}
