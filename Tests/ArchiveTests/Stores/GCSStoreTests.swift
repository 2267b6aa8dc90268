import Foundation
import Runtime
import Testing

@testable import Archive

/// What the stub under Tests/StubStores, which knows no faults, cannot show; the rest is the contract's.
@Suite struct GCSStoreTests {
    /// Answers `/token` with token-1, token-2… and everything else as it is told.
    private final class Server: Sendable {
        let stub: StubServer
        private let tokens: Lock<Int>

        init(_ answer: @escaping @Sendable (StubServer.Request) -> StubServer.Reply) throws {
            let tokens = Lock(0)
            self.tokens = tokens
            stub = try StubServer { request in
                guard request.path == "/token" else { return answer(request) }
                let number = tokens.withLock { count in
                    count += 1
                    return count
                }
                return StubServer.Reply(200, #"{"access_token":"token-\#(number)","expires_in":3600}"#)
            }
        }

        var tokenCount: Int { tokens.withLock { $0 } }

        func account(key: String = sampleKey) throws -> ServiceAccount {
            let json: JSONValue = [
                "type": "service_account", "client_email": "a@b.example", "private_key": .string(key), "private_key_id": "k1",
                "token_uri": .string("\(stub.url)/token"),
            ]
            return try ServiceAccount(json: json.serializedBytes())
        }

        func store(key: String = sampleKey, connections: Int? = nil) throws -> GCSStore {
            var configuration = GCSStore.Configuration(
                bucket: "b", account: try account(key: key), credentials: "THE_KEY in Secret s")
            configuration.endpoint = stub.url
            configuration.maxConnections = connections
            return try GCSStore(configuration)
        }
    }

    private static let described =
        #"{"name":"FORMAT","size":"1","updated":"2026-01-01T00:00:00Z","generation":"77","md5Hash":"x"}"#

    private static func token(_ request: StubServer.Request) -> String { request.headers["authorization"] ?? "" }

    /// None would wait for ever for a connection.
    @Test(.timeLimit(.minutes(1)), arguments: [0, -1]) func thereIsAlwaysOneConnection(connections: Int) throws {
        let server = try Server { _ in StubServer.Reply(404) }
        #expect(try server.store(connections: connections).get(.format) == nil)
    }

    @Test func oneTokenServesAllCalls() throws {
        let server = try Server { _ in StubServer.Reply(404) }
        let store = try server.store()
        for _ in 0..<3 { #expect(try store.get(.format) == nil) }
        #expect(server.tokenCount == 1)
        let asked = try #require(server.stub.requests.first { $0.path == "/token" })
        #expect(asked.headers["content-type"] == "application/x-www-form-urlencoded")
        let assertion = try #require(asked.text.split(separator: "=").last)
        let claims = try JSONValue(parsing: Array(try #require(Self.decoded(assertion.split(separator: ".")[1]))))
        #expect(claims["iss"]?.string == "a@b.example" && claims["aud"]?.string == "\(server.stub.url)/token")
        #expect(claims["scope"]?.string == "https://www.googleapis.com/auth/devstorage.read_write")
        let (issued, expires) = (try #require(claims["iat"]?.int), try #require(claims["exp"]?.int))
        #expect(expires - issued == 3_600)
    }

    @Test func aRefusedTokenIsRenewedOnce() throws {
        let server = try Server { Self.token($0) == "Bearer token-1" ? StubServer.Reply(401) : StubServer.Reply(404) }
        #expect(try server.store().get(.format) == nil)
        #expect(server.tokenCount == 2)

        let closed = try Server { _ in StubServer.Reply(401, #"{"error":{"message":"Invalid Credentials"}}"#) }
        let error = #expect(throws: ArchiveError.self) { _ = try closed.store().get(.format) }
        #expect(error?.code == .accessDenied && error?.message.contains("THE_KEY in Secret s") == true)
        #expect(closed.tokenCount == 2)
    }

    @Test func whatArrivedOtherwiseIsDeletedAgain() throws {
        let server = try Server { request in
            request.method == "DELETE" ? StubServer.Reply(204, "") : StubServer.Reply(200, Self.described)
        }
        #expect(code { _ = try server.store().put([1], at: .format) } == .unreachable)
        let sent = server.stub.requests.filter { $0.path != "/token" }
        #expect(sent.map(\.method) == ["POST", "DELETE"])
        #expect(sent[0].target == "/upload/storage/v1/b/b/o?uploadType=media&name=FORMAT&ifGenerationMatch=0")
        #expect(sent[1].target == "/storage/v1/b/b/o/FORMAT?ifGenerationMatch=77", "only what this call made")
    }

    @Test func aServerThatIgnoresRangesIsTold() throws {
        let server = try Server { _ in StubServer.Reply(200, "abcdef") }
        #expect(code { _ = try server.store().read(.format, 0..<3) } == .unsupported)
    }

    @Test func aRefusedAccountIsToldAndItsKeyIsNot() throws {
        let server = try StubServer { _ in
            StubServer.Reply(400, #"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#)
        }
        let json: JSONValue = [
            "client_email": "a@b.example", "private_key": .string(sampleKey), "token_uri": .string("\(server.url)/token"),
        ]
        var configuration = GCSStore.Configuration(
            bucket: "b", account: try ServiceAccount(json: json.serializedBytes()), credentials: "THE_KEY in Secret s")
        configuration.endpoint = server.url
        let error = #expect(throws: ArchiveError.self) { _ = try GCSStore(configuration).get(.format) }
        #expect(error?.code == .accessDenied)
        #expect(
            error?.message.contains("a@b.example no token for gs://b: status 400 (invalid_grant: Invalid JWT Signature.)") == true
        )
        #expect(error?.message.contains("THE_KEY in Secret s") == true && error?.message.contains("BEGIN") == false)
    }

    @Test func aKeyThatIsNoneIsTold() throws {
        let server = try Server { _ in StubServer.Reply(404) }
        let error = #expect(throws: ArchiveError.self) { _ = try server.store(key: "no key").get(.format) }
        #expect(error?.code == .invalid && error?.message.contains("no key") == false)
        #expect(server.stub.requests.isEmpty)
    }

    @Test(arguments: [
        ("nothing", "is not JSON"), ("[]", "is not JSON"), ("{}", "has no client_email"),
        (#"{"client_email":"a"}"#, "has no private_key"), (#"{"type":"authorized_user"}"#, "is of type authorized_user"),
    ])
    func aFileThatIsNoServiceAccountIsTold(text: String, cause: String) {
        let error = #expect(throws: ArchiveError.self) { _ = try ServiceAccount(json: Array(text.utf8)) }
        #expect(error?.message.contains(cause) == true)
    }

    private static func decoded(_ text: Substring) -> Data? {
        var text = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        while text.count % 4 != 0 { text += "=" }
        return Data(base64Encoded: text)
    }
}
