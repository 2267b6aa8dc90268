import Crypto
package import Runtime

/// Signs requests for Amazon's gateways and for S3, whoever runs it: Signature Version 4.
///
/// Not by libcurl's CURLOPT_AWS_SIGV4: docs/decisions/0005-one-signer.md.
package struct RequestSigner: Sendable {
    /// `es`, `aoss` or `s3`, which alone wants the path as it is sent.
    package var service: String
    package var region: String
    package var accessKeyID: String
    package var secretAccessKey: Sensitive
    /// Of temporary credentials.
    package var sessionToken: Sensitive?
    private let now: @Sendable () -> Timestamp

    package init(
        service: String, region: String, accessKeyID: String, secretAccessKey: Sensitive, sessionToken: Sensitive? = nil,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.service = service
        self.region = region
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.now = now
    }

    /// The request as it is to be sent, to the host that its URL names.
    package func signed(_ request: HTTPRequest) throws(HTTPError) -> HTTPRequest {
        let url = try RequestURL(request.url)
        return try signed(request, to: url, host: url.hostHeader)
    }

    /// The request as it is to be sent: its URL in the signed spelling, and with the headers of the signature.
    ///
    /// - Parameter host: of the `Host` header.
    func signed(_ request: HTTPRequest, to url: RequestURL, host: String) throws(HTTPError) -> HTTPRequest {
        let target = SignedTarget(url.target)
        let moment = String(now().description.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
        do throws(CryptoError) {
            let payload = try RequestSigner.digest(of: request.body)
            var request = request
            request.url = "\(url.origin)\(target.text)"
            request.headers["Host"] = host
            request.headers["X-Amz-Date"] = moment
            // Serverless collections (aoss) and S3 refuse a request without it.
            request.headers["X-Amz-Content-Sha256"] = payload
            request.headers["X-Amz-Security-Token"] = sessionToken?.reveal()
            request.headers["Authorization"] = try authorization(of: request, target: target, payload: payload, moment: moment)
            return request
        } catch {
            throw HTTPError(code: .invalidRequest, message: "cannot sign a request: \(error.message)", wasSent: false)
        }
    }

    private func authorization(
        of request: HTTPRequest, target: SignedTarget, payload: String, moment: String
    ) throws(CryptoError) -> String {
        let signed = request.headers.map { ($0.name.lowercased(), RequestSigner.trimmed($0.value)) }
            .filter { RequestSigner.signedHeaders.contains($0.0) }.sorted { $0.0 < $1.0 }
        let names = signed.map(\.0).joined(separator: ";")
        let canonical =
            [request.method, service == "s3" ? target.path : target.canonicalPath, target.query]
            + signed.map { "\($0.0):\($0.1)" } + ["", names, payload]
        let scope = "\(moment.prefix(8))/\(region)/\(service)/aws4_request"
        let digest = try SHA256.digest(of: Array(canonical.joined(separator: "\n").utf8)).hex
        var key = Array("AWS4\(secretAccessKey.reveal())".utf8)
        for part in scope.split(separator: "/") {
            key = try MessageAuthentication.sha256(key: key, message: Array(part.utf8))
        }
        let text = "AWS4-HMAC-SHA256\n\(moment)\n\(scope)\n\(digest)"
        let signature = try MessageAuthentication.sha256(key: key, message: Array(text.utf8)).hex
        return "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
    }

    private static let signedHeaders: Set = [
        "content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token",
    ]

    private static func digest(of body: HTTPRequest.Body) throws(CryptoError) -> String {
        var digest = try SHA256()
        switch body {
        case .none: break
        case .bytes(let bytes): try digest.update(bytes)
        case .borrowed(let bytes): try digest.update(bytes)
        }
        return try digest.finish().hex
    }

    /// Blanks at the ends do not count, nor does more than one between words.
    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}
