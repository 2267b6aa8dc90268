import Glibc
import Runtime

/// A server on loopback that accepts connections and never says a word.
final class SilentServer: Sendable {
    let url: String
    private let listener: CInt
    private let accepts = Feed<CInt>()
    private let thread: DedicatedThread

    init() throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, pointer, &size) == 0
            }
        }
        guard listener >= 0, isBound else {
            throw ChildProcess.StartError(message: "no listening socket: \(String(cString: strerror(errno)))")
        }
        self.listener = listener
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        thread = try DedicatedThread(name: "e2e-silent") { [accepts] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                accepts.append(connection)
            }
            accepts.finish()
        }
    }

    deinit {
        // Ends the accept, and with it the thread.
        shutdown(listener, CInt(SHUT_RDWR))
        for connection in accepts.elements { close(connection) }
        close(listener)
    }

    /// Returns once somebody has connected.
    func accepted() async throws { _ = try await accepts.first("a connection", within: .seconds(30)) { _ in true } }
}
