import HTTP

/// Sends requests to whichever address of one cluster answers.
///
/// Stays with the address that answered last. A request that no server has seen goes to the next one at once, each address once; after a
/// request that may have been executed the next one is only used for what comes after it: whether that is the same again is the caller's
/// decision. Certificates are no reason to go elsewhere: a wrong one must be seen.
final class EndpointClient {
    private let http: HTTPClient
    /// Base URLs without a slash at the end, at least one.
    private let addresses: [String]
    private var position = 0

    /// Asked at least once a second while a request runs; true ends it with `.cancelled`.
    var isCancelled: @Sendable () -> Bool {
        get { http.isCancelled }
        set { http.isCancelled = newValue }
    }

    /// The address that the next request goes to.
    var current: String { addresses[position] }

    init(
        url: String, others: [String], configuration: HTTPClientConfiguration, isCancelled: @escaping @Sendable () -> Bool
    ) throws(HTTPError) {
        addresses = ([url] + others).map { address in
            var address = address
            while address.hasSuffix("/") { address.removeLast() }
            return address
        }
        http = try HTTPClient(configuration: configuration, isCancelled: isCancelled)
    }

    /// - Parameter request: its URL is path and query alone.
    func send(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
        try reaching { address throws(HTTPError) in try http.send(request.at(address)) }
    }

    /// As `HTTPClient` does; the sink sees bytes of one server only.
    func send(_ request: HTTPRequest, streamingTo sink: (UnsafeRawBufferPointer) throws -> Void) throws -> HTTPResponse {
        let answer = try reaching { address throws(HTTPError) -> Result<HTTPResponse, any Error> in
            do {
                return .success(try http.send(request.at(address), streamingTo: sink))
            } catch let error as HTTPError {
                throw error
            } catch {
                return .failure(error)
            }
        }
        return try answer.get()
    }

    private func reaching<Answer>(_ attempt: (String) throws(HTTPError) -> Answer) throws(HTTPError) -> Answer {
        var failures: [HTTPError] = []
        while true {
            do throws(HTTPError) {
                return try attempt(current)
            } catch {
                guard error.isRetryable else { throw error }
                position = (position + 1) % addresses.count
                guard !error.wasSent else { throw error }
                failures.append(error)
                guard failures.count == addresses.count else { continue }
                guard failures.count > 1 else { throw error }
                let causes = failures.map(\.message).joined(separator: "; ")
                throw HTTPError(
                    code: error.code, message: "none of the \(addresses.count) addresses can be reached: \(causes)",
                    wasSent: false)
            }
        }
    }
}

extension HTTPRequest {
    fileprivate func at(_ address: String) -> HTTPRequest {
        var request = self
        request.url = address + url
        return request
    }
}
