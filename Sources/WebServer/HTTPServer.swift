import CMicroHTTPD
import Glibc
import Runtime

/// A small HTTP/1.1 server for health, metrics, an API and pages.
///
/// One thread serves all connections, while handlers run as tasks. Bodies of requests are read whole, 1 MiB at most. It listens from `init` until `stop()` or the last reference is gone.
package final class HTTPServer: Sendable {
    package let host: String
    /// The port it listens on, also when 0 asked for any.
    package let port: Int
    private let daemon: Lock<Daemon?>

    /// - Parameters:
    ///   - host: a name or address; `0.0.0.0` or `::` for all.
    ///   - connectionLimit: more are closed at once, as are more than half of it of one address.
    ///   - refuse: makes the answer to what no route answers.
    /// - Throws: `.addressInUse` (retryable) and others, naming host and port.
    package init(
        host: String, port: Int, routes: [WebRoute], connectionLimit: Int = 256, idleTimeout: Duration = .seconds(30),
        refuse: @escaping @Sendable (WebRequest, WebRefusal) -> WebResponse = { .text("\($1.text)\n", status: $1.status) }
    ) throws(WebServerError) {
        let started = try Daemon(
            address: SocketAddress(host: host, port: port), router: Router(routes, refuse: refuse),
            connectionLimit: connectionLimit,
            idleTimeout: idleTimeout)
        self.host = host
        self.port = started.port
        daemon = Lock(started)
    }

    /// Answers what is being answered with 503 and closes all connections; a second time does nothing. Not to be called by a handler.
    package func stop() {
        let stopped = daemon.withLock { daemon in
            defer { daemon = nil }
            return daemon
        }
        stopped?.stop()
    }

    deinit {
        stop()
    }
}
