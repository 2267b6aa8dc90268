import Glibc
import Runtime
import Testing

/// Sends one text to the server and reads until it closes.
func exchange(_ text: String, port: Int) async throws -> String {
    let client = try await RawClient(port: port)
    try await client.send(text)
    return try await client.readToEnd()
}

/// A connection without any knowledge of HTTP. It blocks threads of its own: those of Swift's pool run the server's handlers.
final class RawClient: Sendable {
    struct HungUp: Error {}

    private static let threads = Result { try BlockingThreads(name: "t-raw", count: 16) }

    private let file: CInt

    init(port: Int) async throws {
        file = try await Self.threads.get().run { try Self.connected(port: port) }
    }

    deinit { close(file) }

    func send(_ text: String) async throws {
        try await Self.threads.get().run { [file] in
            let bytes = Array(text.utf8)
            guard Glibc.send(file, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else { throw HungUp() }
        }
    }

    func readToEnd() async throws -> String {
        var answer: [UInt8] = []
        while let piece = try await read() { answer += piece }
        return String(decoding: answer, as: UTF8.self)
    }

    /// Reads until the text is there.
    func read(until text: String) async throws -> String {
        var answer: [UInt8] = []
        while let piece = try await read() {
            answer += piece
            if String(decoding: answer, as: UTF8.self).contains(text) { break }
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func read() async throws -> ArraySlice<UInt8>? {
        try await Self.threads.get().run { [file] in
            var piece = [UInt8](repeating: 0, count: 65_536)
            let count = recv(file, &piece, piece.count, 0)
            return count > 0 ? piece.prefix(count) : nil
        }
    }

    private static func connected(port: Int) throws -> CInt {
        let file = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        try #require(file >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        return file
    }
}
