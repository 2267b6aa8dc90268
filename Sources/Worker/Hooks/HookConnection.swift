import Glibc
import Runtime

/// Whether somebody accepts connections at an address; nothing is sent.
struct HookConnection {
    /// As long as an HTTP request waits for its connection.
    static let limit = Duration.seconds(5)

    let host: String
    let port: Int

    /// Blocks for the resolver, and then no longer than the limit, however many addresses the host has.
    ///
    /// - Parameter check: called several times a second once the host is resolved; what it throws is thrown on.
    /// - Returns: why no address of the host could be connected to; nil when one could.
    func failure(check: () throws -> Void) throws -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, "\(port)", &hints, &list)
        guard result == 0, let list else { return String(cString: gai_strerror(result)) }
        defer { freeaddrinfo(list) }
        let deadline = ContinuousClock.now + Self.limit
        var failure = "the host has no address"
        var next: UnsafeMutablePointer<addrinfo>? = list
        while let address = next?.pointee {
            guard let error = try Self.connect(to: address, until: deadline, check) else { return nil }
            failure = error
            next = address.ai_next
        }
        return failure
    }

    private static func connect(
        to address: addrinfo, until deadline: ContinuousClock.Instant, _ check: () throws -> Void
    ) throws -> String? {
        let file = socket(address.ai_family, address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { return errorText(errno) }
        defer { close(file) }
        if Glibc.connect(file, address.ai_addr, address.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return errorText(errno) }
        var waiting = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        var count: CInt = 0
        repeat {
            let left = (deadline - .now).seconds
            try check()
            guard left > 0 else { return "no answer within \(limit.seconds.formatted) s" }
            count = poll(&waiting, 1, CInt(min(left * 1000, 100).rounded(.up)))
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
