import Foundation
import Runtime
import Synchronization
import Testing

@testable import Archive

struct WebIdentityCredentialsTests {
    private let folder: TemporaryFolder
    private let clock = Clock()

    /// A clock that tests set, in seconds after the start of 2026-11-26.
    final class Clock: Sendable {
        private let seconds = Mutex(0)

        func set(_ value: Int) { seconds.withLock { $0 = value } }

        var now: Timestamp { Timestamp(millisecondsSinceEpoch: 1_795_651_200_000 + Int64(seconds.withLock { $0 }) * 1_000) }
    }

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write(Array("first token\n".utf8), to: "token")
    }

    /// Gives keys named by their number that are good for an hour from when they were asked for.
    private func service(failingAt failures: Set<Int> = []) throws -> StubServer {
        let clock = clock
        let count = Mutex(0)
        return try StubServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            guard !failures.contains(number) else {
                return StubServer.Reply(400, "<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>")
            }
            return StubServer.Reply(
                200,
                """
                <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
                <Credentials><AccessKeyId>key\(number)</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
                <SessionToken>session</SessionToken><Expiration>\(clock.now + .seconds(3_600))</Expiration></Credentials>
                </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
                """)
        }
    }

    private func source(_ server: StubServer) -> WebIdentityCredentials {
        let clock = clock
        return WebIdentityCredentials(
            WebIdentityCredentials.Role(name: "arn:aws:iam::1:role/r+s", tokenFile: "\(folder.path)/token", endpoint: server.url),
            now: { clock.now })
    }

    @Test func theTokenBuysCredentials() throws {
        let server = try service()
        let credentials = try source(server).credentials()
        #expect(
            credentials
                == AWSCredentials(accessKeyID: "key1", secretAccessKey: Sensitive("secret"), sessionToken: Sensitive("session")))
        #expect(
            server.requests[0].text
                == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr%2Bs"
                + "&RoleSessionName=sheaf&WebIdentityToken=first%20token")
    }

    @Test func theyAreRenewedFiveMinutesBeforeTheyExpire() throws {
        let server = try service()
        let source = source(server)
        var keys: [String] = []
        for second in [0, 1_000, 3_299, 3_300, 6_000] {
            clock.set(second)
            keys.append(try source.credentials().accessKeyID)
            _ = try folder.write(Array("token of \(second)".utf8), to: "token")
        }
        #expect(keys == ["key1", "key1", "key1", "key2", "key2"])
        #expect(server.requests[1].text.hasSuffix("=token%20of%203299"), "the file is read anew")
    }

    @Test func aRenewalThatFailsIsToldWhenTheOldOnesHaveExpired() throws {
        let server = try service(failingAt: [2, 3, 4])
        let source = source(server)
        for (second, requests) in [(0, 1), (3_400, 2), (3_429, 2), (3_430, 3), (3_459, 3)] {
            clock.set(second)
            #expect(try source.credentials().accessKeyID == "key1")
            #expect(server.requests.count == requests, "at \(second)")
        }
        clock.set(3_601)
        let error = try failure { _ = try source.credentials() }
        #expect(error.message.contains("InvalidIdentityToken") && error.message.contains("role/r+s"))
        #expect(try source.credentials().accessKeyID == "key5")
    }

    @Test func manyThreadsAskOnce() throws {
        let server = try service()
        let source = source(server)
        let keys = Mutex<[String]>([])
        onThreads(8) { _ in
            let key = (try? source.credentials().accessKeyID) ?? "none"
            keys.withLock { $0.append(key) }
        }
        #expect(keys.withLock { $0 } == [String](repeating: "key1", count: 8))
        #expect(server.requests.count == 1)
    }

    @Test func aMissingTokenIsSaid() throws {
        let server = try service()
        let source = WebIdentityCredentials(
            WebIdentityCredentials.Role(name: "r", tokenFile: "\(folder.path)/absent", endpoint: server.url))
        let error = try failure { _ = try source.credentials() }
        #expect(error.code == .accessDenied)
        #expect(error.message.contains("AWS_WEB_IDENTITY_TOKEN_FILE"))
    }

    @Test(arguments: ["", "<html/>", "<AssumeRoleWithWebIdentityResponse/>"]) func anAnswerWithoutCredentialsIsNone(text: String)
        throws
    {
        let server = try StubServer { _ in StubServer.Reply(200, text) }
        #expect(code { _ = try source(server).credentials() } == .unreachable)
    }
}
