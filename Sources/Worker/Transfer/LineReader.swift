import Glibc

/// Reads a file line by line; one line and one block are in memory.
struct LineReader {
    /// Engines take no document of more than 100 MB by default; a line beyond this is no document.
    static let longestLine = 512 << 20

    private static let blockBytes = 1 << 20
    /// Milliseconds within which a stop is heeded while a pipe or a terminal brings nothing.
    private static let patience: CInt = 200

    private let file: CInt
    private let name: String
    private let isStopped: @Sendable () -> Bool
    private var buffer: [UInt8] = []
    private var start = 0
    private var isEnded = false
    /// Of the line that was read last, from 1.
    private(set) var number = 0

    /// - Parameter isStopped: asked before each block, and while there is none; `next` throws then.
    init(file: CInt, name: String, isStopped: @escaping @Sendable () -> Bool = { false }) {
        self.file = file
        self.name = name
        self.isStopped = isStopped
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
        try awaitBytes()
        let (count, failure) = withUnsafeTemporaryAllocation(byteCount: Self.blockBytes, alignment: 16) { block in
            var count = 0
            repeat { count = read(file, block.baseAddress, Self.blockBytes) } while count < 0 && errno == EINTR
            let failure = errno
            buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: block[..<max(0, count)]))
            return (count, failure)
        }
        guard count >= 0 else {
            throw TransferError(.file, "\(name) cannot be read: \(String(cString: strerror(failure)))")
        }
        isEnded = count == 0
    }

    /// A signal does not end `read`, but it ends this. What else is amiss with the file, `read` tells.
    private func awaitBytes() throws {
        var entry = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        var ready: CInt = 0
        repeat {
            guard !isStopped() else { throw TransferError(.interrupted, "the import was ended") }
            ready = poll(&entry, 1, Self.patience)
        } while ready == 0 || (ready < 0 && errno == EINTR)
    }
}
