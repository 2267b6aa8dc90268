import Glibc
import Runtime

/// Whether somebody accepts connections at an address; nothing is sent.
struct HookConnection {
    /// As long as an HTTP request waits for its connection.
    static let limit = Duration.seconds(5)

    let host: String
    let port: Int

    /// Blocks for the resolver, and for each address no longer than the limit.
    ///
    /// - Returns: why no address of the host could be connected to; nil when one could.
    func failure() -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, "\(port)", &hints, &list)
        guard result == 0, let list else { return String(cString: gai_strerror(result)) }
        defer { freeaddrinfo(list) }
        var failure = "the host has no address"
        var next: UnsafeMutablePointer<addrinfo>? = list
        while let address = next?.pointee {
            guard let error = Self.connect(to: address) else { return nil }
            failure = error
            next = address.ai_next
        }
        return failure
    }

    private static func connect(to address: addrinfo) -> String? {
        let file = socket(address.ai_family, address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { return errorText(errno) }
        defer { close(file) }
        if Glibc.connect(file, address.ai_addr, address.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return errorText(errno) }
        let deadline = ContinuousClock.now + limit
        var waiting = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        var count: CInt = 0
        repeat {
            let left = (deadline - .now).seconds
            guard left > 0 else { return "no answer within \(limit.seconds.formatted) s" }
            count = poll(&waiting, 1, CInt((left * 1000).rounded(.up)))
        } while count == 0 || (count < 0 && errno == EINTR)
        var error: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard count > 0, getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &length) == 0 else { return errorText(errno) }
        return error == 0 ? nil : errorText(error)
    }
}

extension Double {
    fileprivate var formatted: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
