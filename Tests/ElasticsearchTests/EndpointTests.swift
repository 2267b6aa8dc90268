import HTTP
import Runtime
import Testing

@testable import Elasticsearch

/// Several addresses of one cluster. Port 9 of loopback refuses connections.
@Suite struct EndpointTests {
    private static let dead = "http://127.0.0.1:9"
    private static let quick = RetryPolicy(retries: 1, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(1)))

    private func client(_ url: String, _ others: [String]) throws -> ElasticsearchClient {
        var configuration = ClusterConfiguration(url: url)
        configuration.endpoints = others
        return try ElasticsearchClient(configuration: configuration, retryPolicy: Self.quick)
    }

    @Test func aDeadAddressIsPassedOver() throws {
        let server = try StubServer { _ in StubServer.Reply(200, #"{"a":1}"#) }
        let client = try client(Self.dead, [server.url + "/"])
        // Not repeatable: the dead address never saw it.
        #expect(try client.sendJSON("POST", "/x", attempting: "try").value["a"]?.int == 1)
        #expect(try client.sendJSON("POST", "/y", attempting: "try").value["a"]?.int == 1)
        #expect(server.requests.map(\.target) == ["/x", "/y"])
    }

    @Test func whatMayHaveBeenDoneIsNotSentElsewhere() throws {
        let torn = try StubServer { _ in StubServer.Reply(200, #"{"a":1}"#, breakOffAfter: 2) }
        let other = try StubServer { _ in StubServer.Reply(200, #"{"a":2}"#) }
        let client = try client(torn.url, [other.url])
        expectFailure(.transport) { _ = try client.sendJSON("POST", "/x", attempting: "try") }
        #expect(other.requests.isEmpty)
        #expect(try client.sendJSON("POST", "/y", attempting: "try").value["a"]?.int == 2, "what comes next goes elsewhere")
    }

    @Test func whatMayBeRepeatedIsSentElsewhere() throws {
        let torn = try StubServer { _ in StubServer.Reply(200, #"{"a":1}"#, breakOffAfter: 2) }
        let other = try StubServer { _ in StubServer.Reply(200, #"{"a":2}"#) }
        let client = try client(torn.url, [other.url])
        #expect(try client.sendJSON("GET", "/x", repeatable: true, attempting: "try").value["a"]?.int == 2)
    }

    @Test func theErrorNamesEveryAddress() throws {
        let client = try client(Self.dead, ["http://localhost:9"])
        do {
            _ = try client.sendJSON("POST", "/x", attempting: "try")
            Issue.record("there is nobody")
        } catch {
            for part in ["127.0.0.1:9", "localhost:9", "none of the 2 addresses", "connection refused"] {
                #expect(error.message.contains(part), "\(error)")
            }
        }
    }

    @Test func aRefusalThatBreaksOffIsNoRefusal() throws {
        let server = try StubServer { _ in StubServer.Reply(400, #"{"error":{"type":"resource_already_ex"#) }
        let client = try client(server.url, [])
        expectFailure(.malformedResponse) { _ = try client.sendJSON("PUT", "/x", repeatable: true, attempting: "try") }
        #expect(server.requests.count == 2, "it is asked again")
    }

    @Test func aPageOfAProxyIsRepeated() throws {
        let count = Lock(0)
        let server = try StubServer { _ in
            let isFirst = count.withLock { count -> Bool in
                count += 1
                return count == 1
            }
            return StubServer.Reply(200, isFirst ? "<html>Log in</html>" : #"{"a":1}"#)
        }
        let client = try client(server.url, [])
        #expect(try client.sendJSON("GET", "/x", repeatable: true, attempting: "try").value["a"]?.int == 1)
    }
}
