import Glibc
import HTTP
import Runtime

/// Talks to one cluster over one kept-alive connection, one request at a time.
///
/// Every call blocks: use one client per blocking thread. Requests that only read are repeated on 429, 503 and broken
/// connections; others are repeated only where their doc says so.
package final class ElasticsearchClient {
    package let configuration: ClusterConfiguration
    let http: EndpointClient
    private let retryPolicy: RetryPolicy
    private var random = SystemRandomNumberGenerator()
    /// Blocks the thread; replaced by tests.
    private let sleep: (Duration) -> Void
    private let authorization: String?
    var knownIdentity: ClusterIdentity?
    var knownCapabilities: ClusterCapabilities?

    /// Asked at least once a second while a call runs; true ends it with `.cancelled`.
    package var isCancelled: @Sendable () -> Bool {
        didSet { http.isCancelled = isCancelled }
    }

    /// - Parameter answerLimit: within which each request is connected and answered; nil: as long as bytes come.
    package init(
        configuration: ClusterConfiguration, retryPolicy: RetryPolicy = RetryPolicy(), answerLimit: Duration? = nil,
        sleep: @escaping (Duration) -> Void = ElasticsearchClient.blockThread,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(ElasticsearchError) {
        self.configuration = configuration
        self.retryPolicy = retryPolicy
        self.sleep = sleep
        self.isCancelled = isCancelled
        authorization = configuration.credential.authorization
        let tls = HTTPClientConfiguration.TLS(
            caBundle: configuration.caBundle, clientCertificate: configuration.clientCertificate,
            clientKey: (configuration.clientKey?.reveal()).map { Array($0.utf8) }, serverName: configuration.serverName,
            insecureSkipTLSVerify: configuration.insecureSkipTLSVerify)
        do {
            var http = HTTPClientConfiguration(tls: tls)
            if let answerLimit { http.connectTimeout = min(http.connectTimeout, answerLimit) }
            http.totalTimeout = answerLimit
            if case .signature(let signer) = configuration.credential { http.signer = signer }
            self.http = try EndpointClient(
                url: configuration.url, others: configuration.endpoints, configuration: http, isCancelled: isCancelled)
        } catch {
            throw ElasticsearchError(code: .transport, message: error.message)
        }
    }

    /// Sends a request and returns a 2xx response; `allowing` lists further statuses that are answers, not errors.
    ///
    /// A success that is no JSON (a proxy's page: the engine was never asked) and a refusal that breaks off are no answers.
    func send(
        _ method: String, _ path: String, body: HTTPRequest.Body = .none, contentType: String = "application/json",
        repeatable: Bool = false, allowing: [Int] = [], attempting what: @autoclosure () -> String
    ) throws(ElasticsearchError) -> HTTPResponse {
        let request = request(method, path, body: body, contentType: contentType)
        return try repeating(repeatable, attempting: what()) { () throws(ElasticsearchError) in
            try answer(to: request, allowing: allowing, attempting: what())
        }
    }

    /// Same, with a JSON body in and out. An answer that is no JSON, such as a proxy's page, is repeated like a refusal.
    ///
    /// - Parameters:
    ///   - bytes: of a body that is text already.
    ///   - tolerating: further statuses that are answers, whatever their body is: null where it is no JSON.
    func sendJSON(
        _ method: String, _ path: String, body: JSONValue? = nil, bytes: HTTPRequest.Body = .none, repeatable: Bool = false,
        allowing: [Int] = [], tolerating: [Int] = [], attempting what: @autoclosure () -> String
    ) throws(ElasticsearchError) -> (status: Int, value: JSONValue) {
        let content = body.map { HTTPRequest.Body.bytes($0.serializedBytes()) } ?? bytes
        let request = request(method, path, body: content, contentType: "application/json")
        return try repeating(repeatable, attempting: what()) { () throws(ElasticsearchError) in
            let response = try answer(to: request, allowing: allowing, tolerating: tolerating, attempting: what())
            do throws(JSONError) {
                return (response.status, try JSONValue(parsing: response.body))
            } catch {
                if tolerating.contains(response.status) { return (response.status, .null) }
                throw malformed("the response is \(error.description)", attempting: what())
            }
        }
    }

    private func answer(
        to request: HTTPRequest, allowing: [Int], tolerating: [Int] = [], attempting what: @autoclosure () -> String
    ) throws(ElasticsearchError) -> HTTPResponse {
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try http.send(request)
        } catch {
            throw self.error(error, attempting: what())
        }
        let isTolerated = tolerating.contains(response.status)
        guard response.isSuccess || isTolerated || allowing.contains(response.status) else {
            throw error(status: response.status, body: response.body, attempting: what())
        }
        let isAnswer =
            response.isSuccess && !isTolerated
            ? response.body.beginsAsJSON : !ServerReason(body: response.body).isTorn
        guard isAnswer else {
            let beginning = String(decoding: response.body.prefix(200), as: UTF8.self)
            throw malformed("the response (\(response.status)) is none of a search engine: \(beginning)", attempting: what())
        }
        return response
    }

    private func repeating<Answer>(
        _ repeatable: Bool, attempting what: @autoclosure () -> String, _ attempt: () throws(ElasticsearchError) -> Answer
    ) throws(ElasticsearchError) -> Answer {
        var retry = 0
        while true {
            do throws(ElasticsearchError) {
                return try attempt()
            } catch {
                guard repeatable, error.isRetryable, let pause = pause(beforeRetry: retry) else { throw error }
                try wait(pause, attempting: what())
                retry += 1
            }
        }
    }

    /// For the current address, whichever that is: its URL is path and query alone.
    func request(_ method: String, _ path: String, body: HTTPRequest.Body, contentType: String) -> HTTPRequest {
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let authorization { headers["Authorization"] = authorization }
        if case .none = body {} else { headers["Content-Type"] = contentType }
        return HTTPRequest(method: method, url: path, headers: headers, body: body)
    }

    /// nil when a request has been repeated often enough.
    func pause(beforeRetry retry: Int) -> Duration? { retryPolicy.pause(beforeRetry: retry, using: &random) }

    /// Blocks for a while, in pieces short enough to notice a cancellation.
    func wait(_ pause: Duration, attempting what: String) throws(ElasticsearchError) {
        var left = pause
        while left > .zero {
            if isCancelled() { throw ElasticsearchError(code: .cancelled, message: "cannot \(what): cancelled") }
            sleep(min(left, .milliseconds(200)))
            left -= .milliseconds(200)
        }
    }

    package static func blockThread(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var request = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        // Interrupted by a signal: sleep what is left.
        while nanosleep(&request, &left) == -1 && errno == EINTR { request = left }
    }
}

extension ElasticsearchClient {
    func error(status: Int, body: [UInt8], attempting what: String) -> ElasticsearchError {
        let reason = ServerReason(body: body)
        let code = reason.code(status: status)
        return error(
            code, "the server says \(status) \(reason.text)", status: reason.isTorn ? 0 : status,
            advice: reason.advice(code, as: configuration.credential), attempting: what)
    }

    func error(_ error: HTTPError, attempting what: String) -> ElasticsearchError {
        let code: ElasticsearchError.Code =
            switch error.code {
            case .cancelled: .cancelled
            case .tooLarge: .limitExceeded
            case .invalidRequest: .badRequest
            case .resolve, .connect, .tls, .timeout, .transport: .transport
            }
        return ElasticsearchError(code: code, message: "cannot \(what): \(error.message)", isRetryable: error.isRetryable)
    }

    func malformed(_ cause: String, attempting what: String) -> ElasticsearchError {
        error(.malformedResponse, cause, attempting: what)
    }

    /// - Parameter advice: what to do; nil: what the code advises.
    func error(
        _ code: ElasticsearchError.Code, _ cause: String, status: Int = 0, advice: String? = nil, attempting what: String
    ) -> ElasticsearchError {
        ElasticsearchError(
            code: code, message: "cannot \(what) at \(http.current): \(cause); \(advice ?? code.advice)", status: status)
    }
}

extension [UInt8] {
    /// Whether the first byte that is no white space opens an object or an array.
    fileprivate var beginsAsJSON: Bool {
        let first = first { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }
}

extension ClusterConfiguration.Credential {
    /// Value of the `Authorization` header.
    fileprivate var authorization: String? {
        switch self {
        case .none, .signature: nil
        case .basic(let user, let password): "Basic " + Base64.encode(Array("\(user):\(password.reveal())".utf8))
        case .apiKey(let key): "ApiKey " + key.reveal()
        case .bearer(let token): "Bearer " + token.reveal()
        }
    }
}
