import Glibc

/// Reads a file line by line; one line and one block are in memory.
struct LineReader {
    /// Engines take no document of more than 100 MB by default; a line beyond this is no document.
    static let longestLine = 512 << 20

    private let file: CInt
    private let name: String
    private var buffer: [UInt8] = []
    private var start = 0
    private var isEnded = false
    /// Of the line that was read last, from 1.
    private(set) var number = 0

    init(file: CInt, name: String) {
        self.file = file
        self.name = name
    }

    /// The next line without its line feed; nil at the end.
    mutating func next() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = lineFeed(from: searched) {
                defer { start = end + 1 }
                number += 1
                return Array(buffer[start..<end])
            }
            if isEnded {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                number += 1
                return Array(buffer[start...])
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            guard searched <= Self.longestLine else {
                throw TransferError(.damaged, "line \(number + 1) of \(name) is longer than 512 MiB: is it a file of lines?")
            }
            try fill()
        }
    }

    private func lineFeed(from place: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard place < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + place, Int32(UInt8(ascii: "\n")), bytes.count - place)
            else { return nil }
            return base.distance(to: UnsafeRawPointer(found))
        }
    }

    private mutating func fill() throws {
        let size = 1 << 20
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: size))
        var count = 0
        repeat {
            count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress.map { $0 + old }, size) }
        } while count < 0 && errno == EINTR
        let failure = errno
        buffer.removeLast(size - max(0, count))
        guard count >= 0 else {
            throw TransferError(.file, "\(name) cannot be read: \(String(cString: strerror(failure)))")
        }
        isEnded = count == 0
    }
}
