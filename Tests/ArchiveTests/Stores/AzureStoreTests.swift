import Foundation
import Runtime
import Testing

@testable import Archive
@testable import HTTP

/// What azurite cannot show; the rest is the contract's.
@Suite struct AzureStoreTests {
    private func store(
        _ server: StubServer, credential: AzureCredential = .sharedKey(Sensitive("a2V5")), blockBound: Int = 64 << 20
    ) throws -> AzureStore {
        var configuration = AzureStore.Configuration(
            account: "acc", container: "box", credential: credential, credentials: "THE_KEY in Secret s")
        configuration.endpoint = "\(server.url)/acc"
        configuration.prefix = "some prefix"
        configuration.blockBound = blockBound
        return try AzureStore(configuration)
    }

    /// The line order is that of "Authorize with Shared Key" for version 2015-02-21 and later; the code is Python's hmac.
    @Test func everyPartOfTheRequestIsSigned() throws {
        let signer = AzureSigner(account: "acc", key: Array("key".utf8))
        let headers: HTTPHeaders = [
            "x-ms-version": "2021-12-02", "If-None-Match": "*", "X-Ms-Blob-Type": "BlockBlob", "Content-MD5": "md5==",
            "x-ms-date": "Thu, 26 Nov 2026 18:00:00 GMT", "Range": "bytes=0-1", "Accept": "not signed",
        ]
        let path = "/acc/box/some%20prefix/FORMAT"
        let query = [(name: "comp", value: "block"), (name: "blockid", value: "AA==")]
        #expect(
            signer.text("PUT", path: path, query: query, headers: headers, length: 5)
                == "PUT\n\n\n5\nmd5==\n\n\n\n\n*\n\nbytes=0-1\nx-ms-blob-type:BlockBlob\nx-ms-date:Thu, 26 Nov 2026 18:00:00 GMT\n"
                + "x-ms-version:2021-12-02\n/acc/acc/box/some%20prefix/FORMAT\nblockid:AA==\ncomp:block")
        #expect(
            try signer.authorization("PUT", path: path, query: query, headers: headers, length: 5)
                == "SharedKey acc:sC+UdA6aiqkarCo8kZQG6r/VoPWKNpsH0H07P3CKbow=")
        #expect(
            signer.text("GET", path: "/x", query: [], headers: [:], length: 0).hasPrefix("GET\n\n\n\n\n"), "no length for no body"
        )
    }

    @Test func aSignatureIsSentAndNeverTold() throws {
        let server = try StubServer { _ in StubServer.Reply(403, "", headers: ["x-ms-error-code": "AuthenticationFailed"]) }
        let store = try store(server, credential: .signature(Sensitive("?sv=2021-12-02&sig=s3cret%3D")))
        let error = #expect(throws: ArchiveError.self) { _ = try store.get(.format) }
        #expect(error?.code == .accessDenied)
        #expect(error?.message.contains("s3cret") == false && error?.message.contains("THE_KEY in Secret s") == true)
        #expect(server.requests[0].target == "/acc/box/some%20prefix/FORMAT?sv=2021-12-02&sig=s3cret%3D")
        #expect(server.requests[0].headers["authorization"] == nil)
    }

    @Test(arguments: [
        (409, "BlobAlreadyExists", nil), (412, "ConditionNotMet", nil), (412, "LeaseIdMissing", nil),
        (403, "UnauthorizedBlobOverwrite", nil),
        (409, "ContainerBeingDeleted", ArchiveError.Code.unreachable), (403, "AuthorizationFailure", .accessDenied),
        (400, "Md5Mismatch", .unreachable), (404, "ContainerNotFound", .notFound), (503, "ServerBusy", .unreachable),
    ])
    func aRefusedPutIsToldAsWhatItMeans(status: Int, reason: String, expected: ArchiveError.Code?) throws {
        let server = try StubServer { request in
            request.method == "HEAD"
                ? StubServer.Reply(200, "") : StubServer.Reply(status, "", headers: ["x-ms-error-code": reason])
        }
        let store = try store(server)
        if let expected {
            #expect(code { _ = try store.put([1], at: .format) } == expected)
        } else {
            #expect(try store.put([1], at: .format) == .existing)
        }
        #expect(server.requests[0].headers["if-none-match"] == "*")
        #expect(server.requests[0].headers["content-md5"] == "VaVACK0bpYmqIQ0mKcHfQQ==")
    }

    @Test func aNameThatIsTakenByNothingIsAConflict() throws {
        let server = try StubServer { request in
            request.method == "HEAD"
                ? StubServer.Reply(404, "") : StubServer.Reply(409, "", headers: ["x-ms-error-code": "BlobAlreadyExists"])
        }
        #expect(code { _ = try store(server).put([1], at: .format) } == .unreachable)
    }

    /// Who commits first throws away the others' blocks.
    @Test(arguments: [true, false]) func lostBlocksMeanThatAnotherWriterWon(isThere: Bool) throws {
        let heads = Lock(0)
        let server = try StubServer { request in
            if request.method == "HEAD" {
                let number = heads.withLock { count in
                    count += 1
                    return count
                }
                return StubServer.Reply(isThere && number == 2 ? 200 : 404, "")
            }
            return request.target.contains("comp=blocklist")
                ? StubServer.Reply(400, "", headers: ["x-ms-error-code": "InvalidBlockList"]) : StubServer.Reply(201, "")
        }
        let store = try store(server, blockBound: 40)
        let folder = try TemporaryFolder()
        let file = try folder.write(Array(0..<95), to: "file")
        if isThere {
            #expect(try store.upload(contentsOf: file, at: .format) == .existing)
        } else {
            #expect(code { _ = try store.upload(contentsOf: file, at: .format) } == .unreachable)
        }
        let blocks = server.requests.filter { $0.target.hasSuffix("comp=block") }
        #expect(blocks.map(\.body.count) == [10, 10, 10, 10, 10, 10, 10, 10, 10, 5])
        #expect(blocks.flatMap(\.body) == Array(0..<95))
        #expect(Set(blocks.map(\.target)).count == 10 && Set(blocks.map(\.target.count)).count == 1)
    }

    @Test func aListGoesOnAtTheMarkerOfThePageBefore() throws {
        let server = try StubServer { request in
            let names = request.target.contains("marker=go%20on") ? ["c", "d"] : ["a", "b"]
            let blobs = names.map {
                "<Blob><Name>some prefix/\($0)</Name><Properties><Last-Modified>Thu, 26 Nov 2026 18:00:00 GMT</Last-Modified>"
                    + "<Content-Length>3</Content-Length></Properties></Blob>"
            }
            let next = names == ["a", "b"] ? "<NextMarker>go on</NextMarker>" : "<NextMarker/>"
            return StubServer.Reply(200, "<EnumerationResults><Blobs>\(blobs.joined())</Blobs>\(next)</EnumerationResults>")
        }
        let store = try store(server)
        var names: [String] = []
        try store.forEachObject("", pageSize: 2) { names.append($0.key.text) }
        #expect(names == ["a", "b", "c", "d"])
        #expect(
            server.requests.map { $0.target.contains("marker") } == [false, true, false, true],
            "a full last page is followed by one search for more")
        // A key that no page ended with is searched for from the beginning.
        #expect(try store.list("", after: ObjectKey("a"), limit: 2).map(\.key.text) == ["b", "c"])
    }

    @Test func foldersAndForeignBlobsAreNoObjects() throws {
        let blobs = [
            ("some prefix/a", "<ResourceType>directory</ResourceType>"), ("some prefix/a/b", ""), ("some prefix/a/c d", ""),
        ].map {
            "<Blob><Name>\($0)</Name><Properties><Last-Modified>Thu, 26 Nov 2026 18:00:00 GMT</Last-Modified>"
                + "<Content-Length>3</Content-Length>\($1)</Properties></Blob>"
        }
        let server = try StubServer { _ in
            StubServer.Reply(200, "<EnumerationResults><Blobs>\(blobs.joined())</Blobs></EnumerationResults>")
        }
        #expect(try store(server).list("", after: nil, limit: 10).map(\.key.text) == ["a/b"])
    }

    @Test func aMarkerServesOnceAndNotForLong() throws {
        var markers = ListMarkers()
        let (key, other) = (try ObjectKey("k"), try ObjectKey("l"))
        markers.keep("m", "p", after: key, at: .seconds(1))
        #expect(markers.take("q", after: key, at: .seconds(2)) == nil)
        #expect(markers.take("p", after: other, at: .seconds(2)) == nil)
        #expect(markers.take("p", after: key, at: .seconds(2)) == "m")
        #expect(markers.take("p", after: key, at: .seconds(2)) == nil)
        markers.keep("m", "p", after: key, at: .seconds(1))
        #expect(markers.take("p", after: key, at: .seconds(61)) == nil)
    }

    @Test func theOldestMarkerGivesWay() throws {
        var markers = ListMarkers()
        for number in 0...ListMarkers.capacity {
            markers.keep("m\(number)", "p", after: try ObjectKey("k\(number)"), at: .milliseconds(number))
        }
        #expect(markers.take("p", after: try ObjectKey("k0"), at: .seconds(1)) == nil)
        #expect(markers.take("p", after: try ObjectKey("k1"), at: .seconds(1)) == "m1")
    }

    @Test(arguments: [
        AzureCredential.sharedKey(Sensitive("no base64!")), .sharedKey(Sensitive("")), .signature(Sensitive("sv=1")),
        .signature(Sensitive("sig=a b")),
    ])
    func aCredentialThatCannotBeOneIsRefused(credential: AzureCredential) throws {
        #expect(code { try credential.check() } == .invalid)
    }
}
