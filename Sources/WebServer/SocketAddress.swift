import Glibc
import Runtime

/// An address to listen on, resolved once.
struct SocketAddress {
    let host: String
    let port: Int
    private let bytes: [UInt8]

    init(host: String, port: Int) throws(WebServerError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard result == 0, let address = found?.pointee, let pointer = address.ai_addr else {
            let cause = gai_strerror(result).map(String.init(cString:)) ?? "error \(result)"
            throw WebServerError(
                code: .unknownHost, message: "cannot listen on \(host):\(port): \(cause); give an address of this machine",
                isRetryable: result == EAI_AGAIN)
        }
        self.host = host
        self.port = port
        bytes = Array(UnsafeRawBufferPointer(start: pointer, count: Int(address.ai_addrlen)))
    }

    /// The address for one call into C.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result?) -> Result? {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
        }
    }
}
