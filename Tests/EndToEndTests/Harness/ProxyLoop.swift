import Glibc
import Runtime

/// What the proxy's thread does.
struct ProxyLoop {
    /// Bytes of one direction that are kept at most; then its sender is not read any more.
    private static let capacity = 1 << 20
    /// While trickling: bytes of one direction in one tick of so many milliseconds.
    private static let drop = 64
    private static let tick: Int32 = 10

    private struct Link {
        let client: CInt
        let server: CInt
        var toServer = Stream()
        var toClient = Stream()
        var isOver = false
    }

    private struct Stream {
        var bytes: [UInt8] = []
        var hasEnded = false
    }

    private let port: Int
    private let target: Int
    private let shared: FaultProxy.Shared
    private var listener: CInt?
    private var links: [Link] = []
    /// The broker's halves of connections whose programs are gone.
    private var orphans: [CInt] = []
    private var cutNext: (how: FaultProxy.Cut, bytes: Int)?
    private var stalledUntil: ContinuousClock.Instant?
    private var refusedUntil: ContinuousClock.Instant?
    private var tricklesUntil: ContinuousClock.Instant?

    init(listener: CInt, port: Int, target: Int, shared: FaultProxy.Shared) {
        self.listener = listener
        self.port = port
        self.target = target
        self.shared = shared
    }

    mutating func run() {
        while true {
            wait()
            // Before any byte that was sent after the order was given.
            guard obey() else { break }
            watchTime()
            accept()
            for index in links.indices { move(index) }
            links.removeAll(where: \.isOver)
            discardOrphans()
            let count = links.count
            shared.state.withLock { $0.openConnections = count }
        }
        for link in links {
            Loopback.reset(link.client)
            Loopback.reset(link.server)
        }
        for orphan in orphans { Loopback.reset(orphan) }
        if let listener { close(listener) }
    }

    /// - Returns: false when the proxy is to end.
    private mutating func obey() -> Bool {
        let (orders, isClosed) = shared.state.withLock { state in
            defer { state.orders = [] }
            return (state.orders, state.isClosed)
        }
        for order in orders {
            switch order {
            case .cutAll(let how): for index in links.indices { cut(index, how) }
            case .cutOne(let how, let bytes): cutNext = (how, max(bytes, 1))
            case .stall(let time): stalledUntil = .now + time
            case .trickle(let time): tricklesUntil = .now + time
            case .refuse(let time):
                refusedUntil = .now + time
                if let listener { close(listener) }
                listener = nil
            }
        }
        links.removeAll(where: \.isOver)
        return !isClosed
    }

    private mutating func watchTime() {
        let now = ContinuousClock.now
        if let end = stalledUntil, end <= now { stalledUntil = nil }
        if let end = tricklesUntil, end <= now { tricklesUntil = nil }
        if let end = refusedUntil, end <= now { refusedUntil = nil }
        // A port that is still taken is tried again in the next turn.
        if listener == nil, refusedUntil == nil { listener = Loopback.listen(on: port) }
    }

    private func wait() {
        let isPassing = stalledUntil == nil && tricklesUntil == nil
        var entries = [pollfd(fd: shared.wakeup.read, events: Int16(POLLIN), revents: 0)]
        if let listener { entries.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
        for link in links {
            entries.append(entry(link.client, from: link.toServer, to: link.toClient, isPassing))
            entries.append(entry(link.server, from: link.toClient, to: link.toServer, isPassing))
        }
        for orphan in orphans { entries.append(pollfd(fd: orphan, events: Int16(POLLIN), revents: 0)) }
        var limit: Int32 = 1000
        if tricklesUntil != nil || listener == nil && refusedUntil == nil { limit = Self.tick }
        for end in [stalledUntil, refusedUntil].compactMap({ $0 }) {
            let left: Duration = end - .now
            limit = min(limit, Int32(max(1, left / .milliseconds(1))))
        }
        _ = poll(&entries, nfds_t(entries.count), limit)
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(shared.wakeup.read, &bytes, bytes.count) > 0 {}
    }

    private func entry(_ file: CInt, from incoming: Stream, to outgoing: Stream, _ isPassing: Bool) -> pollfd {
        var events: Int32 = 0
        if !incoming.hasEnded, incoming.bytes.count < Self.capacity { events |= POLLIN }
        if isPassing, !outgoing.bytes.isEmpty { events |= POLLOUT }
        // A closed side with nothing to do would make poll return at once, for ever.
        return pollfd(fd: events == 0 ? -1 : file, events: Int16(events), revents: 0)
    }

    private mutating func accept() {
        while let listener {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let server = Loopback.connect(to: target) else {
                Loopback.reset(client)
                continue
            }
            Loopback.makeNonBlocking(client)
            links.append(Link(client: client, server: server))
        }
    }

    private mutating func move(_ index: Int) {
        take(links[index].client, into: \.toServer, index)
        take(links[index].server, into: \.toClient, index)
        guard stalledUntil == nil else { return }
        pass(\.toServer, to: links[index].server, index)
        if !links[index].isOver { pass(\.toClient, to: links[index].client, index) }
        guard !links[index].isOver else { return }
        let link = links[index]
        let (fromClient, fromServer) = (link.toServer, link.toClient)
        if fromClient.hasEnded && fromClient.bytes.isEmpty || fromServer.hasEnded && fromServer.bytes.isEmpty {
            cut(index, .finish)
        }
    }

    private mutating func take(_ file: CInt, into stream: WritableKeyPath<Link, Stream>, _ index: Int) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !links[index][keyPath: stream].hasEnded, links[index][keyPath: stream].bytes.count < Self.capacity {
            let count = recv(file, &buffer, buffer.count, 0)
            if count > 0 {
                links[index][keyPath: stream].bytes += buffer[..<count]
            } else if count == 0 || errno != EAGAIN && errno != EINTR {
                links[index][keyPath: stream].hasEnded = true
            } else {
                return
            }
        }
    }

    private mutating func pass(_ stream: WritableKeyPath<Link, Stream>, to file: CInt, _ index: Int) {
        let waiting = links[index][keyPath: stream].bytes
        var allowed = tricklesUntil == nil ? waiting.count : min(Self.drop, waiting.count)
        if let cutNext { allowed = min(allowed, cutNext.bytes) }
        guard allowed > 0 else { return }
        let count = send(file, waiting, allowed, Int32(MSG_NOSIGNAL))
        guard count > 0 else {
            if errno != EAGAIN, errno != EINTR { cut(index, .finish) }
            return
        }
        links[index][keyPath: stream].bytes.removeFirst(count)
        shared.state.withLock { $0.passedBytes += count }
        guard let (how, left) = cutNext else { return }
        if count < left {
            cutNext = (how, left - count)
        } else {
            cutNext = nil
            cut(index, how)
        }
    }

    private mutating func cut(_ index: Int, _ how: FaultProxy.Cut) {
        guard !links[index].isOver else { return }
        links[index].isOver = true
        let link = links[index]
        switch how {
        case .reset:
            Loopback.reset(link.client)
            Loopback.reset(link.server)
        case .finish:
            close(link.client)
            close(link.server)
        case .vanish:
            Loopback.reset(link.client)
            orphans.append(link.server)
        }
    }

    private mutating func discardOrphans() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        orphans.removeAll { orphan in
            while true {
                let count = recv(orphan, &buffer, buffer.count, 0)
                if count > 0 { continue }
                if count < 0, errno == EAGAIN || errno == EINTR { return false }
                close(orphan)
                return true
            }
        }
    }
}

/// Sockets on 127.0.0.1.
enum Loopback {
    static func listen(on port: Int) -> CInt? {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { return nil }
        var yes: CInt = 1
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        guard withAddress(port, { bind(file, $0, $1) }) == 0, Glibc.listen(file, 64) == 0 else {
            close(file)
            return nil
        }
        makeNonBlocking(file)
        return file
    }

    static func connect(to port: Int) -> CInt? {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { return nil }
        // On loopback it is taken or refused at once.
        guard withAddress(port, { Glibc.connect(file, $0, $1) }) == 0 else {
            close(file)
            return nil
        }
        makeNonBlocking(file)
        return file
    }

    static func makeNonBlocking(_ file: CInt) {
        _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK)
        var yes: CInt = 1
        setsockopt(file, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Closes with RST instead of FIN.
    static func reset(_ file: CInt) {
        var off = linger(l_onoff: 1, l_linger: 0)
        setsockopt(file, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
        close(file)
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafeBytes(of: &address) { bytes in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            return body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
