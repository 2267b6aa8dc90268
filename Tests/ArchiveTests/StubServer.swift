import Foundation
import Glibc
import Synchronization

/// A loopback HTTP server for tests: one thread a connection, answers from a closure, can break off where it is told to.
final class StubServer: Sendable {
    struct Request: Sendable {
        let method: String
        let target: String
        let headers: [String: String]
        let body: [UInt8]

        var path: String { String(target.prefix { $0 != "?" }) }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Reply: Sendable {
        var status = 200
        var headers: [String: String] = ["Content-Type": "application/json"]
        var body: [UInt8] = []
        /// Sends only so many bytes of the body, then closes.
        var breakOffAfter: Int?
        /// Sends only so many bytes of all, beginning with the status line, then closes.
        var breakOffHeadAfter: Int?
        /// Never answers; keeps the connection until the client goes.
        var isSilent = false

        init(_ status: Int = 200, _ body: String = "{}", headers: [String: String] = [:], breakOffAfter: Int? = nil) {
            self.status = status
            self.body = Array(body.utf8)
            self.headers.merge(headers) { $1 }
            self.breakOffAfter = breakOffAfter
        }

        static var silence: Reply {
            var reply = Reply()
            reply.isSilent = true
            return reply
        }
    }

    let port: UInt16
    private let listener: Int32
    private let log = Mutex<[Request]>([])

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { log.withLock { $0 } }

    init(_ answer: @escaping @Sendable (Request) -> Reply) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0 && listen(listener, 16) == 0
            }
        }
        guard isBound else { throw CocoaError(.featureUnsupported) }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let accepting = Thread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    // Closed here and nowhere else: the number may belong to another server the moment after.
                    close(listener)
                    return
                }
                Thread.detachNewThread { [weak self] in
                    StubServer.serve(connection) { request in
                        self?.log.withLock { $0.append(request) }
                        return answer(request)
                    }
                }
            }
        }
        accepting.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private static func serve(_ connection: Int32, answer: (Request) -> Reply) {
        defer { close(connection) }
        var buffer: [UInt8] = []
        while let request = receive(connection, &buffer) {
            let reply = answer(request)
            if reply.isSilent {
                var byte: UInt8 = 0
                _ = read(connection, &byte, 1)
                return
            }
            var head = "HTTP/1.1 \(reply.status) Stub\r\nContent-Length: \(reply.body.count)\r\n"
            for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
            var bytes = Array((head + "\r\n").utf8)
            if request.method != "HEAD" { bytes += reply.body.prefix(reply.breakOffAfter ?? reply.body.count) }
            if let limit = reply.breakOffHeadAfter { bytes = Array(bytes.prefix(limit)) }
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    send(connection, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
            if reply.breakOffAfter != nil || reply.breakOffHeadAfter != nil { return }
        }
    }

    private static func receive(_ connection: Int32, _ buffer: inout [UInt8]) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let head = buffer.firstRange(of: end) {
                let lines = String(decoding: buffer[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    guard let colon = line.firstIndex(of: ":") else { continue }
                    headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                }
                let length = headers["content-length"].flatMap { Int($0) } ?? 0
                if buffer.count >= head.upperBound + length {
                    let body = Array(buffer[head.upperBound..<head.upperBound + length])
                    buffer.removeFirst(head.upperBound + length)
                    let start = lines[0].split(separator: " ").map(String.init)
                    return Request(method: start[0], target: start[1], headers: headers, body: body)
                }
            }
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            let count = read(connection, &piece, piece.count)
            guard count > 0 else { return nil }
            buffer += piece[..<count]
        }
    }
}
