import HTTP
import Testing

@testable import Archive

struct RemoteRefusalTests {
    private static let store = RemoteClient.Configuration(location: "https://store/bucket", credentials: "the keys in Secret s")

    private func refusal(_ status: Int, _ body: String, headers: HTTPHeaders = [:]) -> RemoteRefusal {
        RemoteRefusal(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    @Test func everyStoresWayToRefuseIsRead() {
        let s3 = refusal(404, "<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message>It is not.</Message></Error>")
        #expect(s3 == RemoteRefusal(status: 404, code: "NoSuchBucket", message: "It is not."))
        let sts = refusal(400, "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code></Error></ErrorResponse>")
        #expect(sts == RemoteRefusal(status: 400, code: "ExpiredToken", message: nil))
        let azure = refusal(404, "", headers: ["x-ms-error-code": "ContainerNotFound"])
        #expect(azure == RemoteRefusal(status: 404, code: "ContainerNotFound", message: nil))
        let google = refusal(403, #"{"error":{"code":403,"message":"No.","errors":[{"reason":"forbidden"}]}}"#)
        #expect(google == RemoteRefusal(status: 403, code: "forbidden", message: "No."))
        let token = refusal(400, #"{"error":"invalid_grant","error_description":"Invalid JWT"}"#)
        #expect(token == RemoteRefusal(status: 400, code: "invalid_grant", message: "Invalid JWT"))
        #expect(refusal(502, "<html>Bad gateway<p></html>") == RemoteRefusal(status: 502, code: nil, message: nil))
    }

    @Test(arguments: [
        (403, nil, ArchiveError.Code.accessDenied), (401, nil, .accessDenied), (403, "RequestTimeTooSkewed", .accessDenied),
        (400, "ExpiredToken", .accessDenied), (404, nil, .notFound), (404, "NoSuchBucket", .notFound), (429, nil, .unreachable),
        (500, "InternalError", .unreachable), (503, "SlowDown", .unreachable), (400, "RequestTimeout", .unreachable),
        (409, "ConditionalRequestConflict", .unreachable), (408, nil, .unreachable), (507, nil, .noSpace),
        (403, "QuotaExceeded", .noSpace), (301, "PermanentRedirect", .invalid), (400, "InvalidArgument", .invalid),
        (204, nil, .invalid),
    ])
    func aRefusalIsToldAsWhatItMeans(status: Int, code: String?, expected: ArchiveError.Code) {
        let error = RemoteRefusal(status: status, code: code, message: nil).error(to: "read x", in: Self.store)
        #expect(error.code == expected)
        #expect(error.message.hasPrefix("cannot read x in https://store/bucket: status \(status)"))
        #expect(code == nil || error.message.contains(code ?? ""))
    }

    @Test func nothingButCodeAndMessageIsTold() {
        let text =
            "<Error><Code>SignatureDoesNotMatch</Code><Message>The signature\nis\u{7F} wrong\(String(repeating: "x", count: 400))</Message>"
            + "<AWSAccessKeyId>AKIA</AWSAccessKeyId><StringToSign>secret text</StringToSign></Error>"
        let message = refusal(403, text).error(to: "read x", in: Self.store).message
        #expect(message.contains("SignatureDoesNotMatch: The signature is  wrong"))
        #expect(message.contains("the keys in Secret s"))
        #expect(!message.contains("AKIA") && !message.contains("secret text"))
        #expect(message.utf8.count < 600)
    }
}
