import Glibc

/// The lines of a file in pages that are mapped one after the other, as a dump gets an engine's answers: a page is gone when the next
/// one comes.
struct LinePages {
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ action: String, _ path: String) {
            description = "cannot \(action) \(path): \(String(cString: strerror(errno)))"
        }
    }

    /// Bytes of a page, about as many as a dump asks an engine for; a longer line makes a larger page.
    private static let pageBytes = 8 << 20

    /// In bytes.
    let size: Int
    private let path: String

    init(path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failure("look at", path) }
        self.path = path
        size = Int(status.st_size)
    }

    /// - Parameter body: takes a line without its line feed, valid during the call.
    func forEachLine(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw Failure("open", path) }
        defer { close(file) }
        var offset = 0
        var length = Self.pageBytes
        while offset < size {
            // A mapping starts at a page of the machine.
            let start = offset & ~0xFFFF
            let end = min(size, offset + length)
            guard let memory = mmap(nil, end - start, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, off_t(start)),
                memory != MAP_FAILED
            else { throw Failure("map", path) }
            defer { munmap(memory, end - start) }
            let page = UnsafeRawBufferPointer(start: memory + (offset - start), count: end - offset)
            let used = try Self.lines(of: page, isLast: end == size, body)
            length = used == 0 ? 2 * length : Self.pageBytes
            offset += used
        }
    }

    /// - Returns: the bytes of whole lines.
    private static func lines(
        of page: UnsafeRawBufferPointer, isLast: Bool, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        guard let base = page.baseAddress else { return 0 }
        var start = 0
        while start < page.count {
            let found = memchr(base + start, 0x0A, page.count - start)
            guard let end = found.map({ UnsafeRawPointer($0) - base }) ?? (isLast ? page.count : nil) else { return start }
            if end > start { try body(UnsafeRawBufferPointer(rebasing: page[start..<end])) }
            start = end + 1
        }
        return min(start, page.count)
    }
}
