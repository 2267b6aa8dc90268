import Glibc
import Runtime

/// A TCP proxy on 127.0.0.1 through which one program reaches its broker, and that harms its connections when told to.
///
/// One thread of its own moves the bytes and keeps the times of faults; orders may come from any task.
final class FaultProxy: Sendable {
    /// How a connection ends.
    enum Cut: String, Sendable, CaseIterable {
        /// RST to both sides.
        case reset
        /// FIN to both sides.
        case finish
        /// RST to the program alone: the broker still believes in it until heartbeats are missing.
        case vanish
    }

    enum Order: Sendable {
        case cutAll(Cut)
        /// Passes so many more bytes, in whatever direction they come, and cuts the connection that carries the last of them.
        case cutOne(Cut, afterBytes: Int)
        /// Takes bytes and passes none, in both directions.
        case stall(Duration)
        /// Nobody listens; the connections that stand go on.
        case refuse(Duration)
        /// Passes a few bytes at a time.
        case trickle(Duration)
    }

    let port: Int
    private let shared: Shared
    private let thread: DedicatedThread

    /// What the thread and the tasks share.
    final class Shared: Sendable {
        struct State {
            var orders: [Order] = []
            var isClosed = false
            var passedBytes = 0
            var openConnections = 0
        }

        let state = Lock(State())
        let wakeup: (read: CInt, write: CInt)

        init() throws {
            var files: [CInt] = [0, 0]
            guard pipe(&files) == 0 else { throw ProxyError.system("a pipe") }
            for file in files {
                _ = fcntl(file, F_SETFD, FD_CLOEXEC)
                _ = fcntl(file, F_SETFL, O_NONBLOCK)
            }
            wakeup = (files[0], files[1])
        }

        deinit {
            Glibc.close(wakeup.read)
            Glibc.close(wakeup.write)
        }

        func wake() {
            var byte: UInt8 = 0
            // A full pipe wakes as well.
            _ = write(wakeup.write, &byte, 1)
        }
    }

    /// - Parameter target: the broker's port on 127.0.0.1.
    init(to target: Int) throws {
        var listener: CInt?
        var chosen = 0
        // Below the kernel's range of outgoing ports, so that the port stays free while nobody listens on it.
        for _ in 0..<100 where listener == nil {
            chosen = Int.random(in: 10_000..<20_000)
            listener = Loopback.listen(on: chosen)
        }
        guard let listener else { throw ProxyError.system("a port for a proxy") }
        port = chosen
        let shared = try Shared()
        self.shared = shared
        let port = chosen
        thread = try DedicatedThread(name: "e2e-proxy") {
            var loop = ProxyLoop(listener: listener, port: port, target: target, shared: shared)
            loop.run()
        }
    }

    deinit { close() }

    /// Bytes passed so far, in both directions.
    var passedBytes: Int { shared.state.withLock { $0.passedBytes } }
    var openConnections: Int { shared.state.withLock { $0.openConnections } }

    func order(_ order: Order) {
        shared.state.withLock { $0.orders.append(order) }
        shared.wake()
    }

    /// Ends all connections and the thread.
    func close() {
        shared.state.withLock { $0.isClosed = true }
        shared.wake()
    }
}

enum ProxyError: Error, CustomStringConvertible {
    case system(String)

    var description: String {
        switch self {
        case .system(let what): "\(what) could not be had: \(String(cString: strerror(errno)))"
        }
    }
}
