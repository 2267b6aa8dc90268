package import FoundationEssentials
package import HTTP
import Runtime

/// Sends one store's requests over a bounded number of connections, from any thread.
///
/// Blocks; never repeats a request by itself. What the store refuses is thrown as `ArchiveError` with the store's own code and words.
package final class RemoteClient: Sendable {
    package struct Configuration: Sendable {
        /// Names the store in messages: a URL without credentials.
        package var location: String
        /// What to check when the store refuses them, such as `AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its Secret`.
        package var credentials: String
        /// PEM bundle that replaces the system's certificate authorities.
        package var caBundle: [UInt8]?
        package var insecureTLS: Bool
        /// Requests at one time; more wait. Values below 1 count as 1.
        package var maxConnections: Int
        package var connectTimeout: Duration
        /// Without a byte in either direction for so long, a request fails.
        package var stallTimeout: Duration

        package init(
            location: String, credentials: String, caBundle: [UInt8]? = nil, insecureTLS: Bool = false, maxConnections: Int = 8,
            connectTimeout: Duration = .seconds(5), stallTimeout: Duration = .seconds(30)
        ) {
            self.location = location
            self.credentials = credentials
            self.caBundle = caBundle
            self.insecureTLS = insecureTLS
            self.maxConnections = maxConnections
            self.connectTimeout = connectTimeout
            self.stallTimeout = stallTimeout
        }
    }

    package let configuration: Configuration

    private struct Pool {
        var idle: [HTTPClient] = []
        var busy = 0
    }

    /// Each client is either in `idle` or with the one thread that took it out.
    private let pool = Lock(Pool())
    private let client: HTTPClientConfiguration

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        client = HTTPClientConfiguration(
            tls: HTTPClientConfiguration.TLS(caBundle: configuration.caBundle, insecureSkipTLSVerify: configuration.insecureTLS),
            connectTimeout: configuration.connectTimeout, stallTimeout: configuration.stallTimeout,
            maximumBodyBytes: RemoteRefusal.maximumBytes, settings: .store)
    }

    /// Sends a request and collects its answer.
    ///
    /// - Parameters:
    ///   - action: what is done, for messages: `read segments/ab/…`.
    ///   - statuses: those that are answers to the caller; every other one is thrown as a refusal.
    ///   - limit: bytes of a 2xx body above which the answer is given up.
    ///   - excess: what is thrown then; nil: `.invalid`, the object is too large to hold.
    ///   - expected: bytes of body to make room for.
    package func send(
        _ request: HTTPRequest, to action: String, accepting statuses: Set<Int>, limit: Int = ObjectSize.small,
        excess: ArchiveError? = nil,
        expecting expected: Int = 0
    ) throws(ArchiveError) -> HTTPResponse {
        let client = try take()
        defer { giveBack(client) }
        guard let response = try perform(request, on: client, action, limit: limit, expecting: expected) else {
            throw excess
                ?? ArchiveError(
                    .invalid, "cannot \(action) in \(configuration.location): it has more than \(limit) bytes; read it by ranges")
        }
        guard statuses.contains(response.status) else { throw failure(of: response, to: action) }
        return response
    }

    /// What a refused request means.
    package func failure(of response: HTTPResponse, to action: String) -> ArchiveError {
        RemoteRefusal(response).error(to: action, in: configuration)
    }

    /// The store's clock when it answered, to the second.
    package func date(of response: HTTPResponse) throws(ArchiveError) -> Date {
        guard let moment = response.headers["Date"].flatMap(HTTPDate.timestamp) else {
            throw ArchiveError(
                .unsupported,
                "\(configuration.location) answers without the header Date, so ages of its objects cannot be known: "
                    + "check what stands between this worker and the store")
        }
        return Date(timeIntervalSince1970: moment.secondsSinceEpoch)
    }

    private struct TooLong: Error {}

    /// - Returns: nil when the body is longer than the limit.
    private func perform(
        _ request: HTTPRequest, on client: HTTPClient, _ action: String, limit: Int, expecting expected: Int
    ) throws(ArchiveError) -> HTTPResponse? {
        var body: [UInt8] = []
        body.reserveCapacity(expected)
        do {
            let response = try client.send(request) { bytes in
                guard body.count + bytes.count <= limit else { throw TooLong() }
                body.append(contentsOf: bytes)
            }
            guard response.isSuccess else { return response }
            return HTTPResponse(status: response.status, headers: response.headers, body: body, certificate: response.certificate)
        } catch is TooLong {
            return nil
        } catch let error as HTTPError {
            throw ArchiveError(
                RemoteClient.code(of: error), "cannot \(action) in \(configuration.location): \(error.message)")
        } catch {
            throw ArchiveError(.unreachable, "cannot \(action) in \(configuration.location): \(error)")
        }
    }

    private static func code(of error: HTTPError) -> ArchiveError.Code {
        switch error.code {
        case .resolve, .connect, .timeout, .transport, .cancelled: .unreachable
        // A refusal is at most this long; what is longer comes from something else.
        case .tooLarge: .unreachable
        // Nobody but a person who changes the manifest or the certificate helps.
        case .tls: .accessDenied
        case .invalidRequest: .invalid
        }
    }

    private func take() throws(ArchiveError) -> HTTPClient {
        let idle: HTTPClient? = pool.wait { pool in
            guard pool.busy < max(1, configuration.maxConnections) else { return nil }
            pool.busy += 1
            return .some(pool.idle.popLast())
        }
        if let idle { return idle }
        do throws(HTTPError) {
            return try HTTPClient(configuration: client)
        } catch {
            pool.withLock { $0.busy -= 1 }
            pool.notify()
            throw ArchiveError(.exhausted, error.message)
        }
    }

    private func giveBack(_ client: HTTPClient) {
        pool.withLock { pool in
            pool.busy -= 1
            pool.idle.append(client)
        }
        pool.notify()
    }
}
