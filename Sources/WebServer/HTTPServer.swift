import CMicroHTTPD
import Glibc
import Runtime

/// A small HTTP/1.1 server for health, metrics and pages: exact paths, GET and HEAD.
///
/// One thread serves all connections. It listens from `init` until `stop()` or the last reference is gone.
package final class HTTPServer: Sendable {
    package let host: String
    /// The port it listens on, also when 0 asked for any.
    package let port: Int
    private let daemon: Lock<Daemon?>

    /// - Parameters:
    ///   - host: a name or address; `0.0.0.0` or `::` for all.
    ///   - connectionLimit: more are closed at once.
    /// - Throws: `.addressInUse` (retryable) and others, naming host and port.
    package init(
        host: String, port: Int, routes: [WebRoute], connectionLimit: Int = 64, idleTimeout: Duration = .seconds(30)
    ) throws(WebServerError) {
        let started = try Daemon(
            address: SocketAddress(host: host, port: port), router: Router(routes), connectionLimit: connectionLimit,
            idleTimeout: idleTimeout)
        self.host = host
        self.port = started.port
        daemon = Lock(started)
    }

    /// Closes all connections and waits for a handler that runs; a second time does nothing. Not to be called by a handler.
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
