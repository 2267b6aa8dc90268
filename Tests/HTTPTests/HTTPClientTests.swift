import Synchronization
import Testing

@testable import HTTP

struct HTTPClientTests {
    @Test func echoesEveryKindOfBody() throws {
        let server = try StubServer { StubServer.Reply(200, "\($0.method) \($0.text)") }
        let client = try HTTPClient()
        let bytes = Array("héllo".utf8)
        try bytes.withUnsafeBytes { borrowed in
            for (method, body, wanted) in [
                ("GET", HTTPRequest.Body.none, "GET "), ("POST", .none, "POST "), ("DELETE", .none, "DELETE "),
                ("PUT", .bytes(bytes), "PUT héllo"), ("POST", .borrowed(borrowed), "POST héllo"),
                ("GET", .bytes(bytes), "GET héllo"),
            ] {
                let response = try client.send(HTTPRequest(method: method, url: server.url + "/x", body: body))
                #expect(String(decoding: response.body, as: UTF8.self) == wanted)
            }
        }
        #expect(try client.send(HTTPRequest(method: "HEAD", url: server.url + "/x")).status == 200)
    }

    @Test func sendsPathsAndHeadersAsGiven() throws {
        let server = try StubServer { _ in StubServer.Reply(201, "", headers: ["X-Thing": " two words "]) }
        let client = try HTTPClient()
        let headers: HTTPHeaders = ["Authorization": "Basic abc", "X-Empty": ""]
        let request = HTTPRequest(method: "PUT", url: server.url + "/a/../b%2F?x=1%20", headers: headers, body: .bytes([0x61]))
        let response = try client.send(request)
        #expect(response.status == 201)
        #expect(response.headers["x-thing"] == "two words")
        let seen = try #require(server.requests.first)
        #expect(seen.target == "/a/../b%2F?x=1%20")
        #expect(seen.headers["authorization"] == "Basic abc")
        #expect(seen.headers["x-empty"] == "")
        #expect(seen.headers["content-type"] == nil && seen.headers["expect"] == nil && seen.headers["accept-encoding"] == nil)
    }

    @Test func streamsSuccessesAndCollectsErrors() throws {
        let big = String(repeating: "0123456789", count: 100_000)
        let server = try StubServer { $0.path == "/big" ? StubServer.Reply(200, big) : StubServer.Reply(404, "no such thing") }
        let client = try HTTPClient()
        var count = 0
        let response = try client.send(HTTPRequest(url: server.url + "/big")) { count += $0.count }
        #expect(count == 1_000_000 && response.body.isEmpty)
        let missing = try client.send(HTTPRequest(url: server.url + "/small")) { _ in Issue.record("an error is no content") }
        #expect(missing.status == 404 && missing.body == Array("no such thing".utf8))
    }

    @Test func throwsWhatTheSinkThrows() throws {
        struct Enough: Error {}
        let server = try StubServer { _ in StubServer.Reply(200, String(repeating: "x", count: 1_000_000)) }
        let client = try HTTPClient()
        #expect(throws: Enough.self) { try client.send(HTTPRequest(url: server.url)) { _ in throw Enough() } }
        #expect(try client.send(HTTPRequest(url: server.url)).body.count == 1_000_000)
    }

    @Test func refusesABodyOverTheLimit() throws {
        let server = try StubServer { _ in StubServer.Reply(200, String(repeating: "x", count: 1_001)) }
        let client = try HTTPClient(configuration: HTTPClientConfiguration(maximumBodyBytes: 1_000))
        expectFailure(.tooLarge) { _ = try client.send(HTTPRequest(url: server.url)) }
    }

    @Test func aTruncatedResponseIsATransportError() throws {
        let server = try StubServer { _ in StubServer.Reply(200, "0123456789", breakOffAfter: 5) }
        let client = try HTTPClient()
        expectFailure(.transport, isRetryable: true) { _ = try client.send(HTTPRequest(url: server.url)) }
    }

    /// libcurl makes an empty response of it.
    @Test(arguments: [13, 24, 30, 44]) func aHeadThatBreaksOffIsATransportError(bytes: Int) throws {
        let server = try StubServer { _ in
            var reply = StubServer.Reply(404, "0123456789")
            reply.breakOffHeadAfter = bytes
            return reply
        }
        expectFailure(.transport, isRetryable: true) { _ = try HTTPClient().send(HTTPRequest(url: server.url)) }
    }

    @Test func cancellationEndsASilentRequest() throws {
        let server = try StubServer { _ in .silence }
        let polls = Atomic<Int>(0)
        // False once before the request and once while it runs, so that it is under way when it is cancelled.
        let client = try HTTPClient { polls.add(1, ordering: .relaxed).newValue > 2 }
        expectFailure(.cancelled) { _ = try client.send(HTTPRequest(url: server.url)) }
    }

    @Test func aStalledRequestTimesOut() throws {
        let server = try StubServer { _ in .silence }
        let client = try HTTPClient(configuration: HTTPClientConfiguration(totalTimeout: .milliseconds(100)))
        expectFailure(.timeout, isRetryable: true) { _ = try client.send(HTTPRequest(url: server.url)) }
    }

    @Test func anUnknownHostStaysUnknownAndTheClientUsable() throws {
        let client = try HTTPClient()
        for _ in 0..<2 {
            expectFailure(.resolve, isRetryable: true) { _ = try client.send(HTTPRequest(url: "http://no-such-host.invalid/")) }
        }
    }

    @Test func nobodyListeningIsAConnectError() throws {
        let client = try HTTPClient()
        expectFailure(.connect, isRetryable: true) { _ = try client.send(HTTPRequest(url: "http://127.0.0.1:1/")) }
        expectFailure(.resolve, isRetryable: true) { _ = try client.send(HTTPRequest(url: "http://nowhere.invalid/")) }
    }

    @Test(arguments: [
        "http://user:hunter2@host/", "http://hunter2@host", "ftp://host/", "host/path", "http:///x", "http://host/a b",
        "http://host/\r\nX: y", "http:host", "http://ho st/",
    ]) func refusesTheURL(_ url: String) throws {
        let client = try HTTPClient()
        do {
            _ = try client.send(HTTPRequest(url: url))
            Issue.record("sent")
        } catch {
            #expect(error.code == .invalidRequest)
            #expect(!error.message.contains("hunter2"))
        }
    }

    @Test func messagesLeaveOutTheQuery() throws {
        let client = try HTTPClient()
        do {
            _ = try client.send(HTTPRequest(url: "http://127.0.0.1:1/blob?sig=hunter2"))
            Issue.record("sent")
        } catch {
            #expect(error.message.contains("http://127.0.0.1:1/blob"))
            #expect(!error.message.contains("hunter2"))
        }
    }

    @Test func refusesHeaderInjection() throws {
        let client = try HTTPClient()
        let request = HTTPRequest(url: "http://127.0.0.1:1/", headers: ["X-A": "b\r\nX-C: d"])
        expectFailure(.invalidRequest) { _ = try client.send(request) }
    }

    private func expectFailure(
        _ code: HTTPError.Code, isRetryable: Bool = false, _ body: () throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            try body()
            Issue.record("did not fail", sourceLocation: sourceLocation)
        } catch let error as HTTPError {
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
            #expect(error.isRetryable == isRetryable, sourceLocation: sourceLocation)
        } catch {
            Issue.record(error, sourceLocation: sourceLocation)
        }
    }
}
