import Runtime
import Testing

@testable import HTTP

/// Against a value that botocore 1.44.8 computed; `AccessProofTests` has whole sessions checked by botocore.
@Suite struct SignatureTests {
    private static let moment = "20150830T123600Z"

    private func signer(service: String = "service", token: String? = nil) throws -> RequestSigner {
        let now = try Timestamp(parsing: "2015-08-30T12:36:00Z")
        return RequestSigner(
            service: service, region: "us-east-1", accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: Sensitive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), sessionToken: token.map { Sensitive($0) },
            now: { now })
    }

    private func signed(_ request: HTTPRequest, token: String? = nil) throws -> HTTPRequest {
        let url = try RequestURL(request.url)
        return try signer(service: "es", token: token).signed(request, to: url, host: url.hostHeader)
    }

    @Test(arguments: [
        ("/", "/", "/"),
        (
            "/%3Clogs-%7Bnow%2Fd%7D%3E/_doc/a%20b", "/%3Clogs-%7Bnow%2Fd%7D%3E/_doc/a%20b",
            "/%253Clogs-%257Bnow%252Fd%257D%253E/_doc/a%2520b"
        ),
        ("/.ds-*/_doc/%2E%2E", "/.ds-%2A/_doc/%2E%2E", "/.ds-%252A/_doc/%252E%252E"),
        (
            "/a/_bulk?refresh&filter_path=errors,items.*.status", "/a/_bulk?filter_path=errors%2Citems.%2A.status&refresh=",
            "/a/_bulk"
        ),
        ("/a?b=2&a=3&b=1&c=%c3%a9+x", "/a?a=3&b=1&b=2&c=%C3%A9%20x", "/a"),
    ])
    func pathAndQueryHaveOneSpelling(given: String, sent: String, canonical: String) {
        let target = SignedTarget(given)
        #expect(target.text == sent)
        #expect(target.canonicalPath == canonical)
        #expect(SignedTarget(target.text) == target, "what is sent is in that spelling already")
    }

    @Test func theSignatureIsThatOfBotocore() throws {
        let url = "https://search.example:9200/%3Clogs-%7Bnow%2Fd%7D%3E/_bulk?refresh&a=,*"
        let body = Array(#"{"index":{}}"#.utf8) + [0x0A] + Array(#"{"a":1}"#.utf8) + [0x0A]
        let request = HTTPRequest(
            method: "POST", url: url, headers: ["Content-Type": "application/x-ndjson", "Accept": "*/*"], body: .bytes(body))
        let authorization = try signed(request, token: "t0ken").headers["authorization"]
        #expect(
            authorization == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/es/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
                + "Signature=0a5b095108129735a546d9b7936b1179a2fd2a3d12c3acd1fa8a8d63e628137f")
    }

    @Test func everyByteOfTheRequestIsSigned() throws {
        let url = "https://search.example/i/_bulk?b=1&a"
        let one = try signed(HTTPRequest(method: "POST", url: url, body: .bytes([1])))
        let other = try signed(HTTPRequest(method: "POST", url: url, body: .bytes([2])))
        let borrowed = try [UInt8]([1]).withUnsafeBytes { try signed(HTTPRequest(method: "POST", url: url, body: .borrowed($0))) }
        #expect(one.headers["authorization"] != other.headers["authorization"])
        #expect(one.headers["authorization"] == borrowed.headers["authorization"])
        #expect(one.url == "https://search.example/i/_bulk?a=&b=1")
        #expect(one.headers["x-amz-date"] == Self.moment)
        #expect(one.headers["host"] == "search.example")
    }

    @Test func temporaryCredentialsSendTheirToken() throws {
        let request = try signed(HTTPRequest(url: "https://search.example:9200/"), token: "t0ken")
        #expect(request.headers["x-amz-security-token"] == "t0ken")
        #expect(request.headers["host"] == "search.example:9200")
        #expect(request.headers["authorization"]?.contains("x-amz-date;x-amz-security-token,") == true)
    }
}
