import Testing
import WebServer

/// Answers that take their time, bodies, and answers that go on.
@Suite(.timeLimit(.minutes(1))) struct AsyncAnswerTests {
    private func post(_ path: String, _ body: String, port: Int) async throws -> String {
        try await exchange(
            "POST \(path) HTTP/1.1\r\nHost: t\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)",
            port: port)
    }

    @Test func parametersAndBodyReachTheHandler() async throws {
        let routes: [WebRoute] = [
            .get("/v1/{kind}/fixed") { _ in .text("fixed") },
            .get("/v1/{kind}/{name}") { request in
                .text("\(request.parameters["kind"] ?? "") \(request.parameters["name"] ?? "")")
            },
            .post("/v1/{kind}/{name}") { request in
                .text("\(request.parameters["name"] ?? "") \(String(decoding: request.body, as: UTF8.self))")
            },
        ]
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        #expect(try await post("/v1/plans/a%20b", "hello", port: server.port).hasSuffix("\r\n\r\na b hello"))
        let large = String(repeating: "x", count: 1 << 20)
        #expect(try await post("/v1/plans/n", large, port: server.port).hasSuffix("\r\n\r\nn \(large)"))
        let get = { (path: String) in
            try await exchange("GET \(path) HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", port: server.port)
        }
        #expect(try await get("/v1/plans/fixed").hasSuffix("fixed"))
        #expect(try await get("/v1/plans/n").hasSuffix("plans n"))
        #expect(try await get("/v1/plans/").hasPrefix("HTTP/1.1 404 "))
        #expect(try await get("/v1/plans/n/").hasPrefix("HTTP/1.1 404 "))
        let refused = try await exchange("PUT /v1/a/b HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", port: server.port)
        #expect(refused.hasPrefix("HTTP/1.1 405 ") && refused.contains("Allow: GET, HEAD, POST\r\n"))
    }

    @Test func aBodyThatIsTooLargeIsNotRead() async throws {
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0, routes: [.post("/a") { _ in .text("taken") }],
            refuse: { .text("\($0.path): \($1.text)", status: $1.status) })
        let told = try await exchange("POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 1048577\r\n\r\nx", port: server.port)
        #expect(told.hasPrefix("HTTP/1.1 413 ") && told.hasSuffix("/a: the body may have 1048576 bytes at most"))
        let client = try await RawClient(port: server.port)
        try await client.send("POST /a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n")
        do {
            for _ in 0..<32 { try await client.send(String(repeating: "y", count: 65_536)) }
        } catch is RawClient.HungUp {
            // Before all was sent: also right.
        }
        #expect(try await !client.readToEnd().contains("taken"))
    }

    @Test func oneSlowAnswerHoldsNoOtherUp() async throws {
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let routes: [WebRoute] = [
            .get("/slow") { _ in
                for await _ in gate { break }
                return .text("slow")
            },
            .get("/fast") { _ in .text("fast") },
        ]
        let server = try HTTPServer(host: "127.0.0.1", port: 0, routes: routes)
        let slow = try await RawClient(port: server.port)
        try await slow.send("GET /slow HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        let fast = try await exchange("GET /fast HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", port: server.port)
        #expect(fast.hasSuffix("fast"))
        opener.yield()
        #expect(try await slow.readToEnd().hasSuffix("slow"))
    }

    @Test func aServerThatStopsTellsWhoeverWaits() async throws {
        let (started, starter) = AsyncStream.makeStream(of: Void.self)
        let (endless, _) = AsyncStream.makeStream(of: Void.self)
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0,
            routes: [
                .get("/never") { _ in
                    starter.yield()
                    for await _ in endless {}
                    return .text("never")
                }
            ])
        let client = try await RawClient(port: server.port)
        try await client.send("GET /never HTTP/1.1\r\nHost: t\r\n\r\n")
        for await _ in started { break }
        server.stop()
        // It may also hang up first; it must end.
        let answer = try await client.readToEnd()
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 503 "))
    }

    @Test func aStreamIsSentAsItComesAndCancelledWhenItsClientIsGone() async throws {
        let (pieces, source) = AsyncStream.makeStream(of: [UInt8].self)
        let (ended, ender) = AsyncStream.makeStream(of: Void.self)
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0,
            routes: [
                .get("/events") { _ in
                    WebResponse(headers: [("Content-Type", "text/event-stream")]) { output in
                        defer { ender.yield() }
                        for await piece in pieces { guard await output.write(piece) else { return } }
                    }
                }
            ])
        var client: RawClient? = try await RawClient(port: server.port)
        try await client?.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n")
        source.yield(Array("first\n".utf8))
        #expect(try await client?.read(until: "first\n").hasPrefix("HTTP/1.1 200 ") == true)
        source.yield(Array("second\n".utf8))
        #expect(try await client?.read(until: "second\n").contains("second\n") == true)
        client = nil
        // The library notices when it next writes.
        let feeder = Task {
            while !Task.isCancelled {
                source.yield([UInt8](repeating: 0x2E, count: 4096))
                await Task.yield()
            }
        }
        for await _ in ended { break }
        feeder.cancel()
    }

    /// What a client does not read waits with the writer, not in memory.
    @Test func aWriterWaitsForASlowClient() async throws {
        let (ended, ender) = AsyncStream.makeStream(of: Int.self)
        let piece = [UInt8](repeating: 0x61, count: 65_536)
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0,
            routes: [
                .get("/much") { _ in
                    WebResponse(headers: []) { output in
                        var count = 0
                        while count < 10_000, await output.write(piece) { count += 1 }
                        ender.yield(count)
                    }
                }
            ])
        var client: RawClient? = try await RawClient(port: server.port)
        try await client?.send("GET /much HTTP/1.1\r\nHost: t\r\n\r\n")
        #expect(try await client?.read(until: "aaaa").contains("aaaa") == true)
        client = nil
        for await count in ended {
            // What the machine's own buffers take, and not the 640 MB.
            #expect(count < 1_000)
            break
        }
    }

    @Test func streamsEndWithTheirServerAndByThemselves() async throws {
        let (endless, source) = AsyncStream.makeStream(of: [UInt8].self)
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0,
            routes: [
                .get("/endless") { _ in
                    WebResponse(headers: []) { output in
                        for await piece in endless { guard await output.write(piece) else { return } }
                    }
                },
                .get("/short") { _ in
                    WebResponse(headers: []) { output in
                        guard await output.write(Array("one ".utf8)) else { return }
                        _ = await output.write(Array("two".utf8))
                    }
                },
            ])
        let short = try await exchange("GET /short HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", port: server.port)
        #expect(short.contains("one ") && short.contains("two"))
        let client = try await RawClient(port: server.port)
        try await client.send("GET /endless HTTP/1.1\r\nHost: t\r\n\r\n")
        source.yield(Array("begun".utf8))
        #expect(try await client.read(until: "begun").contains("begun"))
        server.stop()
        #expect(try await client.readToEnd().contains("never") == false)
    }
}
