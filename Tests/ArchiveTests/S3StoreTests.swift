import Foundation
import Runtime
import Synchronization
import Testing

@testable import Archive

/// What no server at hand can be brought to do, by a stub; the rest is in the contract.
struct S3StoreTests {
    private typealias Reply = StubServer.Reply

    private let folder: TemporaryFolder
    private let key: ObjectKey

    init() throws {
        folder = try TemporaryFolder()
        key = try ObjectKey("k")
    }

    private func store(_ server: StubServer, _ change: (inout S3Configuration) -> Void = { _ in }) throws -> S3Store {
        var configuration = S3Configuration(endpoint: server.url, bucket: "bucket", prefix: "p")
        change(&configuration)
        let credentials = AWSCredentials(
            accessKeyID: "id", secretAccessKey: Sensitive("s3cret"), sessionToken: Sensitive("t0ken"))
        return try S3Store(configuration, credentials: FixedCredentials(credentials))
    }

    /// A server that begins uploads, takes parts and answers the completion as told.
    private func uploading(_ completion: @escaping @Sendable () -> StubServer.Reply) throws -> StubServer {
        try StubServer { request in
            switch (request.method, request.target.contains("uploadId=")) {
            case ("POST", false):
                Reply(200, "<InitiateMultipartUploadResult><UploadId>u/1+</UploadId></InitiateMultipartUploadResult>")
            case ("PUT", true): Reply(200, "", headers: ["ETag": "\"t&g\""])
            case ("POST", true): completion()
            default: Reply(204, "")
            }
        }
    }

    private func requests(_ server: StubServer) -> [String] { server.requests.map { "\($0.method) \($0.target)" } }

    private static let abortion = "DELETE /bucket/p/k?uploadId=u%2F1%2B"

    @Test func aFailureBehindStatus200IsOne() throws {
        for (text, expected) in [
            ("<Error><Code>InternalError</Code><Message>again</Message></Error>", ArchiveError.Code.unreachable),
            ("<Error><Code>SlowDown</Code></Error>", .unreachable), ("<Error><Code>EntityTooSmall</Code></Error>", .invalid),
            ("<Error><Code>AccessDenied</Code></Error>", .accessDenied), ("", .unreachable), ("   \n  ", .unreachable),
        ] {
            let server = try uploading { Reply(200, text) }
            let error = try failure { _ = try store(server).putInParts([1], at: key) }
            #expect(error.code == expected, "\(error)")
            #expect(requests(server).last == S3StoreTests.abortion)
        }
    }

    @Test func whyAKeyIsRefusedIsToldAlsoWhereHeadHasNoWords() throws {
        let server = try StubServer { request in
            Reply(
                403, request.method == "HEAD" ? "" : "<Error><Code>SignatureDoesNotMatch</Code><Message>Wrong.</Message></Error>")
        }
        for call in [{ _ = try store(server).size(key) }, { _ = try store(server).now() }] {
            let error = try failure { try call() }
            #expect(error.code == .accessDenied && error.message.contains("SignatureDoesNotMatch: Wrong."), "\(error)")
        }
    }

    @Test func aTakenNameIsToldByTheCompletion() throws {
        for reply in [
            Reply(412, "<Error><Code>PreconditionFailed</Code></Error>"),
            Reply(200, "<Error><Code>PreconditionFailed</Code></Error>"),
        ] {
            let server = try uploading { reply }
            #expect(try store(server).putInParts([1], at: key) == .existing)
            #expect(requests(server).last == S3StoreTests.abortion, "its parts would stay and cost")
        }
    }

    @Test func aConflictIsTriedAgain() throws {
        let conflict = "<Error><Code>ConditionalRequestConflict</Code><Message>At this moment.</Message></Error>"
        let server = try uploading { Reply(409, conflict) }
        let error = try failure { _ = try store(server).putInParts([1], at: key) }
        #expect(error.code == .unreachable && error.isRetryable)
        #expect(requests(server).last == S3StoreTests.abortion)
        let busy = try StubServer { _ in Reply(409, conflict) }
        #expect(code { _ = try store(busy).put([1], at: key) } == .unreachable)
    }

    @Test func aLargeFileGoesInPartsUnderTheCondition() throws {
        let server = try uploading { Reply(200, "<CompleteMultipartUploadResult/>") }
        let size = (33 << 20) + 1
        let path = try folder.write(pattern(size), to: "file")
        #expect(try store(server).upload(contentsOf: path, at: key) == .created)
        let sent = server.requests
        #expect(
            sent.map { "\($0.method) \($0.target)" } == [
                "POST /bucket/p/k?uploads=", "PUT /bucket/p/k?partNumber=1&uploadId=u%2F1%2B",
                "PUT /bucket/p/k?partNumber=2&uploadId=u%2F1%2B",
                "PUT /bucket/p/k?partNumber=3&uploadId=u%2F1%2B", "POST /bucket/p/k?uploadId=u%2F1%2B",
            ])
        #expect(sent[1...3].flatMap(\.body) == pattern(size))
        #expect(sent[4].headers["if-none-match"] == "*")
        #expect(sent[4].text.contains("<Part><PartNumber>2</PartNumber><ETag>\"t&amp;g\"</ETag></Part>"))
        #expect(sent.allSatisfy { $0.headers["x-amz-security-token"] == "t0ken" })
        #expect(sent.allSatisfy { $0.headers["authorization"]?.contains("/us-east-1/s3/aws4_request") == true })
    }

    @Test func withoutPartsOneRequestTakesIt() throws {
        let server = try StubServer { _ in Reply(200, "") }
        let path = try folder.write(pattern(33 << 20), to: "file")
        let store = try store(server) { $0.usesParts = false }
        #expect(try store.upload(contentsOf: path, at: key) == .created)
        #expect(try store.putInParts([1], at: key) == nil)
        #expect(requests(server) == ["PUT /bucket/p/k"])
        #expect(server.requests[0].headers["if-none-match"] == "*")
        #expect(server.requests[0].body.count == 33 << 20)
    }

    @Test func aFailedPartAbortsTheUpload() throws {
        let server = try StubServer { request in
            switch request.method {
            case "POST": Reply(200, "<InitiateMultipartUploadResult><UploadId>u/1+</UploadId></InitiateMultipartUploadResult>")
            case "PUT": Reply(503, "<Error><Code>SlowDown</Code></Error>")
            default: Reply(500, "")
            }
        }
        let error = try failure { _ = try store(server).putInParts([1], at: key) }
        #expect(error.code == .unreachable)
        #expect(error.message.contains("SlowDown"), "not the abortion's own failure: \(error)")
        #expect(requests(server).last == S3StoreTests.abortion)
    }

    @Test func onlyOldUploadsAreAborted() throws {
        let server = try StubServer { request in
            let date = ["Date": "Thu, 26 Nov 2026 12:00:00 GMT"]
            func upload(_ name: String, _ time: String) -> String {
                "<Upload><Key>p/\(name)</Key><UploadId>id-\(name)</UploadId><Initiated>2026-11-26T\(time)</Initiated></Upload>"
            }
            if request.method == "DELETE" { return Reply(204, "", headers: date) }
            let isSecond = request.target.contains("upload-id-marker=m2")
            let marks =
                "<IsTruncated>true</IsTruncated><NextKeyMarker>m1</NextKeyMarker><NextUploadIdMarker>m2</NextUploadIdMarker>"
            let page =
                isSecond
                ? upload("c", "10:59:59.000Z") + "<IsTruncated>false</IsTruncated>"
                : upload("a", "10:59:59Z") + upload("b", "11:00:01Z") + marks
            return Reply(200, "<ListMultipartUploadsResult>\(page)</ListMultipartUploadsResult>", headers: date)
        }
        #expect(try store(server).removeLeftovers(olderThan: 3_600) == 2)
        #expect(
            requests(server) == [
                "GET /bucket/?prefix=p%2F&uploads=", "DELETE /bucket/p/a?uploadId=id-a",
                "GET /bucket/?key-marker=m1&prefix=p%2F&upload-id-marker=m2&uploads=", "DELETE /bucket/p/c?uploadId=id-c",
            ])
    }

    private static func page(_ names: [String], token: String? = nil, isTruncated: Bool? = nil) -> String {
        let entries = names.map {
            "<Contents><Key>p/\($0)</Key><LastModified>2026-11-26T12:00:00.000Z</LastModified><Size>1</Size></Contents>"
        }
        let more = isTruncated ?? (token != nil)
        return "<ListBucketResult>\(entries.joined())<IsTruncated>\(more)</IsTruncated>"
            + (token.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? "") + "</ListBucketResult>"
    }

    @Test func aListGoesOnByToken() throws {
        let server = try StubServer { request in
            if request.target.contains("continuation-token=t%2B1") { return Reply(200, S3StoreTests.page(["c"], token: "t2")) }
            if request.target.contains("continuation-token=t2") { return Reply(200, S3StoreTests.page([])) }
            return Reply(200, S3StoreTests.page(["a", "a/.hidden", "b b"], token: "t+1"))
        }
        // What is no key of a repository is none of its objects.
        #expect(try store(server).list("", after: nil, limit: 5).map(\.key.text) == ["a", "c"])
        #expect(
            requests(server) == [
                "GET /bucket/?list-type=2&max-keys=5&prefix=p%2F",
                "GET /bucket/?continuation-token=t%2B1&list-type=2&max-keys=4&prefix=p%2F",
                "GET /bucket/?continuation-token=t2&list-type=2&max-keys=3&prefix=p%2F",
            ])
    }

    @Test(arguments: [
        S3StoreTests.page(["b", "a"]), S3StoreTests.page(["a", "a"]), S3StoreTests.page(["a"], isTruncated: true),
        S3StoreTests.page(["a"]).replacingOccurrences(of: "p/a", with: "elsewhere"),
        "<ListBucketResult><Contents><Key>p/a</Key><Size>1</Size></Contents></ListBucketResult>",
        S3StoreTests.page(["a"]).replacingOccurrences(of: "2026-", with: "now"),
    ])
    func aListThatWouldMissObjectsIsRefused(page: String) throws {
        let server = try StubServer { _ in Reply(200, page) }
        #expect(code { _ = try store(server).list("", after: nil, limit: 5) } == .unsupported)
    }

    @Test func aServerThatBeginsAnewIsRefused() throws {
        let server = try StubServer { _ in Reply(200, S3StoreTests.page(["a", "b"])) }
        #expect(code { _ = try store(server).list("", after: ObjectKey("a"), limit: 5) } == .unsupported, "pages would never end")
    }

    @Test func thirtyThreadsShareFewConnections() throws {
        let open = Mutex((now: 0, most: 0))
        let server = try StubServer { _ in
            open.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            defer { open.withLock { $0.now -= 1 } }
            return Reply(200, "x")
        }
        let store = try store(server) { $0.maxConnections = 3 }
        let key = key
        let got = Mutex(0)
        onThreads(30) { _ in
            if (try? store.get(key)) == [UInt8(ascii: "x")] { got.withLock { $0 += 1 } }
        }
        #expect(got.withLock { $0 } == 30)
        #expect(open.withLock { $0.most } <= 3)
    }
}
