import Glibc

/// A file's bytes as memory, without a copy; what is sent of them is read from the disk as it goes.
///
/// The file must not shrink meanwhile, or the process dies of SIGBUS: a spooled file has one writer, which is done.
struct MappedFile: ~Copyable {
    private let bytes: UnsafeRawBufferPointer

    var count: Int { bytes.count }

    init(_ path: String) throws(ArchiveError) {
        let file = try OpenFile(path, O_RDONLY, doing: "read spooled")
        let size = Int(try file.status().st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, file.descriptor, 0), address != MAP_FAILED else {
            throw ArchiveError(errno: errno, doing: "map spooled", path: path)
        }
        _ = madvise(address, size, MADV_SEQUENTIAL)
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        guard let address = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }

    borrowing func withBytes<Value>(
        _ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> Value
    ) throws(ArchiveError) -> Value {
        try body(bytes)
    }
}
