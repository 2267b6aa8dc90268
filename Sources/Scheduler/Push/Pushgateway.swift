import Crypto
import HTTP
import Runtime

/// A Prometheus Pushgateway (https://github.com/prometheus/pushgateway): groups of metrics by job, which stay until they are deleted.
struct Pushgateway: Sendable {
    /// What a request came to.
    struct Answer: Sendable, Equatable {
        var result: PushResult
        /// Nil where all is well.
        var error: String?
    }

    /// Without a slash at its end.
    let url: String
    private let threads: BlockingThreads

    /// - Throws: `RuntimeError` when no thread is to be had.
    init(url: String) throws {
        var url = url[...]
        while url.hasSuffix("/") { url.removeLast() }
        self.url = String(url)
        threads = try BlockingThreads(name: "push", count: 1)
    }

    /// Replaces those families of the group, and leaves its others (POST).
    func push(_ families: [MetricFamily], job: String) async throws -> Answer {
        try await send("POST", job: job, body: Array(families.exposition.utf8))
    }

    /// Takes the whole group away; one that is not there counts as done.
    func delete(job: String) async throws -> Answer { try await send("DELETE", job: job, body: nil) }

    private func send(_ method: String, job: String, body: [UInt8]?) async throws -> Answer {
        let target = "\(url)/metrics/\(Self.pathWords(job: job))"
        return try await threads.run {
            let configuration = HTTPClientConfiguration(totalTimeout: .seconds(10), settings: .pushgateway)
            do throws(HTTPError) {
                let client = try HTTPClient(configuration: configuration, isCancelled: { Task.isCancelled })
                var request = HTTPRequest(method: method, url: target)
                if let body {
                    request.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
                    request.body = .bytes(body)
                }
                return Self.answer(to: "\(method) \(target)", try client.send(request))
            } catch {
                if error.code == .cancelled { throw CancellationError() }
                // Whatever it is (an address that is wrong, a certificate that has expired), mending it must not need another backup.
                return Answer(result: .failed, error: error.message)
            }
        }
    }

    static func answer(to request: String, _ response: HTTPResponse) -> Answer {
        guard !response.isSuccess else { return Answer(result: .pushed) }
        let words = String(decoding: response.body.prefix(300), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        let error = "\(request): the Pushgateway answered \(response.status): \(words.joined(separator: " "))"
        // 400 is about what was sent, and the same again would be refused again; all else is about the gateway or the way to it.
        return Answer(result: response.status == 400 ? .refused : .failed, error: error)
    }

    /// `job/NAME`, or `job@base64/NAME` where the name has more than letters, digits, dashes, dots and underscores.
    static func pathWords(job: String) -> String {
        let isPlain = job.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isPlain && !job.isEmpty ? "job/\(job)" : "job@base64/\(Array(job.utf8).base64URL)"
    }
}
