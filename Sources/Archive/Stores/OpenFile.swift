import Glibc

/// The one owner of a file descriptor; closed on every way out.
///
/// Errors of `close` are not looked at: a file whose bytes matter is synced first, which reports them.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    let path: String

    /// - Parameter flags: as open(2); `O_CLOEXEC` is added, because hooks and functions run as child processes.
    init(_ path: String, _ flags: Int32, doing action: String) throws(ArchiveError) {
        let opened = OpenFile.open(path, flags)
        guard opened >= 0 else { throw ArchiveError(errno: errno, doing: action, path: path) }
        descriptor = opened
        self.path = path
    }

    /// Adopts a descriptor that `OpenFile.open` returned.
    init(adopting descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { _ = Glibc.close(descriptor) }

    /// open(2), repeated when a signal interrupts it. Files are made readable to owner and group, as the umask allows.
    static func open(_ path: String, _ flags: Int32) -> Int32 {
        while true {
            let opened = Glibc.open(path, flags | O_CLOEXEC, 0o640)
            if opened >= 0 || errno != EINTR { return opened }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, part.baseAddress, part.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw ArchiveError(errno: errno, doing: "write", path: path)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Fills the buffer from an offset; fewer bytes only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ArchiveError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(descriptor, part.baseAddress, part.count, off_t(offset + filled))
            if count < 0 {
                if errno == EINTR { continue }
                throw ArchiveError(errno: errno, doing: "read", path: path)
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    func status() throws(ArchiveError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw ArchiveError(errno: errno, doing: "look at", path: path) }
        return status
    }

    func synchronize() throws(ArchiveError) {
        while fsync(descriptor) != 0 {
            if errno == EINTR { continue }
            throw ArchiveError(errno: errno, doing: "sync", path: path)
        }
    }

    /// Makes the names in a directory durable.
    static func synchronizeDirectory(_ path: String) throws(ArchiveError) {
        let directory = try OpenFile(path, O_RDONLY | O_DIRECTORY, doing: "open folder")
        while fsync(directory.descriptor) != 0 {
            if errno == EINTR { continue }
            // Some network and FUSE file systems have nothing to sync in a folder and say so this way.
            if errno == EINVAL || errno == ENOTSUP { return }
            throw ArchiveError(errno: errno, doing: "sync folder", path: path)
        }
    }
}

extension Array where Element == UInt8 {
    /// `withUnsafeBytes` that keeps the error's type.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> Value) throws(ArchiveError) -> Value {
        let result: Result<Value, ArchiveError> = withUnsafeBytes { bytes in
            do throws(ArchiveError) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
