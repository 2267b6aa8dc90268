package import HTTP
import Runtime

/// What a store says when it refuses a request: in XML (S3, STS, Azure), in JSON (Google), or in a header alone.
///
/// Only code and message are read: answers about signatures also quote keys.
package struct RemoteRefusal: Equatable, Sendable {
    /// Bytes of a refusal that are read; longer ones are none.
    static let maximumBytes = 1 << 20

    package let status: Int
    /// Such as `NoSuchBucket`; nil where the answer names none, as all answers to HEAD do.
    package let code: String?
    package let message: String?

    package init(status: Int, code: String?, message: String?) {
        self.status = status
        self.code = code.map(RemoteRefusal.printable)
        self.message = message.map(RemoteRefusal.printable)
    }

    package init(_ response: HTTPResponse) {
        let header = response.headers["x-ms-error-code"]
        // Text that is neither is a proxy's page and says less than the status.
        if let root = try? XMLElement(parsing: response.body) {
            // STS wraps what S3 and Azure have at the root.
            let error = root["Error"] ?? root
            self.init(status: response.status, code: header ?? error.text(of: "Code"), message: error.text(of: "Message"))
        } else if let json = try? JSONValue(parsing: response.body), let error = json["error"] {
            let code = error["errors"]?[0]?["reason"]?.string ?? error["status"]?.string ?? error.string
            let message = error["message"]?.string ?? json["error_description"]?.string
            self.init(status: response.status, code: header ?? code, message: message)
        } else {
            self.init(status: response.status, code: header, message: nil)
        }
    }

    package func error(to action: String, in store: RemoteClient.Configuration) -> ArchiveError {
        let (code, advice) = meaning(in: store)
        let words = [self.code, message].compactMap { $0 }.joined(separator: ": ")
        return ArchiveError(
            code, "cannot \(action) in \(store.location): status \(status)\(words.isEmpty ? "" : " (\(words))"); \(advice)")
    }

    private func meaning(in store: RemoteClient.Configuration) -> (ArchiveError.Code, String) {
        let credentials = "check \(store.credentials), and what they may do there"
        switch (status, code) {
        case (_, "NoSuchBucket"), (_, "ContainerNotFound"):
            return (.notFound, "the bucket or container is not there: make it, or correct its name")
        case (_, "RequestTimeTooSkewed"):
            return (.accessDenied, "synchronise the clock of this worker (NTP)")
        case (_, "QuotaExceeded"), (_, "XMinioStorageFull"), (_, "quotaExceeded"), (507, _):
            return (.noSpace, "free space in the store or raise its quota")
        case (_, "ExpiredToken"), (_, "InvalidToken"), (_, "ExpiredTokenException"):
            return (.accessDenied, "the session token is invalid or has expired: \(credentials)")
        case (_, "PermanentRedirect"), (_, "AuthorizationHeaderMalformed"), (_, "IllegalLocationConstraintException"), (301, _),
            (307, _):
            return (.invalid, "the bucket lies elsewhere: correct region and endpoint")
        case (_, "RequestTimeout"), (_, "OperationAborted"), (_, "ConditionalRequestConflict"), (_, "NoSuchUpload"),
            (_, "InternalError"), (_, "SlowDown"), (_, "ServiceUnavailable"), (_, "rateLimitExceeded"),
            (_, "userRateLimitExceeded"), (408, _), (409, _), (429, _), (500..., _):
            return (.unreachable, "the store is busy or out of order: try again later")
        case (_, "AccessDenied"), (401, _), (403, _):
            return (.accessDenied, credentials)
        case (404, _):
            return (.notFound, "check endpoint, bucket or container, and prefix")
        default:
            return (.invalid, "check that the endpoint is a store of this kind")
        }
    }

    /// Without line ends and other control characters, 300 characters at most.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(300).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
