import Runtime
import Testing

@testable import HTTP

/// Signatures for S3 against values that botocore 1.44.8 computed (`S3SigV4Auth`); moto and nanio check whole requests.
@Suite struct StoreSignatureTests {
    struct Case: Sendable {
        let method: String
        let url: String
        var body: [UInt8] = []
        var type: String?
        var token: String?
        let signature: String
    }

    static let cases = [
        Case(
            method: "PUT", url: "https://bucket.s3.us-east-1.amazonaws.com/pre%20fix/segments/ab/x~y_z-1.2",
            body: Array("abc".utf8),
            type: "application/octet-stream", signature: "cefe804fbfee1bfc750e1556950d34b1ef306a736d8e3578e3f40140d6f584bd"),
        Case(
            method: "GET",
            url: "https://s3.us-east-1.amazonaws.com/bucket/?start-after=a%2Fb%2F1&list-type=2&max-keys=1000&prefix=a%2Fb%20c%2B",
            signature: "febecfb0c3367dee964700a0e3bc6d9567e2afc81415133f66e3e05b8eff4675"),
        Case(
            method: "POST", url: "http://127.0.0.1:9000/bucket/key?uploads", token: "t0ken",
            signature: "2bf85056d79351b448449b6e50d33bc1cbaeab2843563a02ec2426abc0ea41ee"),
        Case(
            method: "PUT", url: "http://127.0.0.1:9000/bucket/key?partNumber=1&uploadId=a%2Bb%3D%2Fc", body: [0, 1],
            signature: "857e23702c16ce449a109fcf232fbcc8e3baee3688543681ec43a361f460628a"),
        Case(
            method: "GET", url: "https://minio.example/bucket/key",
            signature: "56a978d95cf4300916861329c3c836ee7a4a63a92db36affb395debf831234df"),
    ]

    @Test(arguments: cases) func theSignatureIsThatOfBotocore(example: Case) throws {
        let now = try Timestamp(parsing: "2015-08-30T12:36:00Z")
        let signer = RequestSigner(
            service: "s3", region: "us-east-1", accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: Sensitive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            sessionToken: example.token.map { Sensitive($0) },
            now: { now })
        var request = HTTPRequest(
            method: example.method, url: example.url, headers: ["If-None-Match": "*", "Range": "bytes=0-9"])
        request.headers["Content-Type"] = example.type
        if !example.body.isEmpty { request.body = .bytes(example.body) }
        let signed = try signer.signed(request)
        #expect(signed.headers["Authorization"]?.hasSuffix("Signature=\(example.signature)") == true)
        #expect(signed.headers["X-Amz-Content-Sha256"]?.utf8.count == 64)
        #expect(signed.headers["If-None-Match"] == "*")
    }
}
