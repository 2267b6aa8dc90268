import Crypto
import Glibc

/// Objects as files below a folder: a disk, or a network file system that every worker mounts.
///
/// A write goes to `.staging/`, is synced and then linked to its name by link(2), which fails when the name is taken: the
/// file system must know hard links (ext4, xfs, btrfs, zfs, tmpfs, NFS do; exFAT and some FUSE ones do not, and are refused).
package struct LocalStore: ObjectStore {
    package let location: String
    let root: String
    private let identity: Identity

    /// - Parameter root: an existing folder; it is never created, so that a missing mount is told and not written beneath.
    package init(_ root: String) throws(ArchiveError) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
        location = self.root
        identity = try Self.identity(of: self.root)
    }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try checkRoot()
        if try isFile(path(of: key)) {
            return try adopt(key)
        }
        return try publish(key) { (file) throws(ArchiveError) in
            try bytes.withBytes { (bytes) throws(ArchiveError) in try file.write(bytes) }
        }
    }

    package func upload(contentsOf source: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try checkRoot()
        let file = try OpenFile(source, O_RDONLY, doing: "read spooled")
        try file.synchronize()
        if let result = try link(source, to: key) { return result }
        let size = Int(try file.status().st_size)
        return try publish(key) { (copy) throws(ArchiveError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(size, 1), 1 << 20), alignment: 16)
            defer { buffer.deallocate() }
            var offset = 0
            while offset < size {
                let count = try file.read(into: buffer, at: offset)
                guard count > 0 else {
                    throw ArchiveError(.corrupt, "\(source) shrank while it was stored: dump this part again")
                }
                try copy.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                offset += count
            }
        }
    }

    /// Every file is linked or copied in the one way.
    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) -> PutResult? { nil }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        guard let size = try size(key) else { return nil }
        guard size <= ObjectSize.small else { throw tooLarge(key, size: size) }
        do throws(ArchiveError) {
            return try read(key, 0..<size)
        } catch  where error.code == .notFound {
            return nil
        }
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard try isFile(path(of: key)) else { throw absent(key) }
        let file = try OpenFile(path(of: key), O_RDONLY, doing: "open")
        let size = Int(try file.status().st_size)
        guard range.lowerBound >= 0, range.upperBound <= size else { throw shortRead(key, range, size: size) }
        var failure: ArchiveError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            do throws(ArchiveError) {
                let space = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count])
                count = try file.read(into: space, at: range.lowerBound)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard bytes.count == range.count else { throw shortRead(key, range, size: range.lowerBound + bytes.count) }
        return bytes
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        guard let status = try status(path(of: key)), LocalStore.isFile(status) else { return nil }
        return Int(status.st_size)
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) {
        guard unlink(path(of: key)) == 0 else {
            // A folder of other keys is no object.
            if errno == ENOENT || errno == ENOTDIR || errno == EISDIR { return try checkRoot() }
            throw ArchiveError(errno: errno, doing: "delete", path: path(of: key))
        }
        try OpenFile.synchronizeDirectory(folder(of: key))
    }

    /// - Returns: `nil` when nothing is there.
    func status(_ path: String) throws(ArchiveError) -> stat? {
        var status = stat()
        if stat(path, &status) == 0 { return status }
        guard errno == ENOENT || errno == ENOTDIR else { throw ArchiveError(errno: errno, doing: "look at", path: path) }
        try checkRoot()
        return nil
    }

    static func isFile(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFREG
    }

    func path(of key: ObjectKey) -> String { "\(root)/\(key)" }

    private func folder(of key: ObjectKey) -> String {
        key.components.dropLast().reduce(root) { "\($0)/\($1)" }
    }

    private func isFile(_ path: String) throws(ArchiveError) -> Bool {
        try status(path).map(LocalStore.isFile) ?? false
    }

    /// A folder has this identity until it is replaced or its volume unmounted.
    private struct Identity: Equatable {
        let device: UInt
        let file: UInt
    }

    /// What is written must not land beneath a mount that went away.
    private func checkRoot() throws(ArchiveError) {
        guard try Self.identity(of: root) == identity else {
            throw ArchiveError(
                .unreachable, "the repository folder \(root) is another one than before: mount its volume on this worker again")
        }
    }

    private static func identity(of root: String) throws(ArchiveError) -> Identity {
        var status = stat()
        guard stat(root, &status) == 0 else {
            let cause = String(cString: strerror(errno))
            throw ArchiveError(
                errno == EACCES ? .accessDenied : .unreachable,
                "the repository folder \(root) cannot be reached: \(cause); mount its volume on this worker or create the folder")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ArchiveError(.invalid, "\(root) is not a folder: give the folder that holds the repository")
        }
        return Identity(device: UInt(status.st_dev), file: UInt(status.st_ino))
    }

    /// Writes a staged file and gives it its name.
    private func publish(
        _ key: ObjectKey, _ write: (borrowing OpenFile) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> PutResult {
        let staged = try stagedPath()
        do throws(ArchiveError) {
            let file = try OpenFile(staged, O_WRONLY | O_CREAT | O_EXCL, doing: "create")
            try write(file)
            try file.synchronize()
            guard let result = try link(staged, to: key) else {
                throw ArchiveError(
                    .unsupported,
                    "the file system of \(root) has no hard links, so two workers could overwrite each other: use another one")
            }
            _ = unlink(staged)
            return result
        } catch {
            // A leftover costs only space until removeLeftovers; the first error is the one that matters.
            _ = unlink(staged)
            throw error
        }
    }

    /// - Returns: `nil` when these two places cannot share a file.
    private func link(_ source: String, to key: ObjectKey) throws(ArchiveError) -> PutResult? {
        let target = path(of: key)
        while true {
            if Glibc.link(source, target) == 0 {
                try OpenFile.synchronizeDirectory(folder(of: key))
                return .created
            }
            switch errno {
            case EINTR: continue
            case EEXIST: return try isSameFile(source, target) ? adopt(key, as: .created) : adopt(key)
            case ENOENT: try makeFolders(for: key)
            case EXDEV, EPERM, EMLINK, ENOTSUP, ENOSYS: return nil
            default: throw ArchiveError(errno: errno, doing: "create", path: target)
            }
        }
    }

    /// Makes someone else's object as durable as one's own: its writer may have died between link and sync.
    private func adopt(_ key: ObjectKey, as result: PutResult = .existing) throws(ArchiveError) -> PutResult {
        guard try isFile(path(of: key)) else {
            throw ArchiveError(.invalid, "\(path(of: key)) is a folder where an object should be: check what else writes here")
        }
        try OpenFile.synchronizeDirectory(folder(of: key))
        return result
    }

    /// NFS repeats a request whose reply was lost and then reports the link that it made itself.
    private func isSameFile(_ first: String, _ second: String) throws(ArchiveError) -> Bool {
        guard let first = try status(first), let second = try status(second) else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    private func makeFolders(for key: ObjectKey) throws(ArchiveError) {
        try checkRoot()
        var path = root
        for component in key.components.dropLast() {
            let parent = path
            path += "/\(component)"
            guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
                throw ArchiveError(errno: errno, doing: "create folder", path: path)
            }
            try OpenFile.synchronizeDirectory(parent)
        }
    }

    func stagedPath() throws(ArchiveError) -> String {
        try checkRoot()
        let folder = "\(root)/\(LocalStore.staging)"
        guard mkdir(folder, 0o750) == 0 || errno == EEXIST else {
            throw ArchiveError(errno: errno, doing: "create folder", path: folder)
        }
        return try "\(folder)/\(digesting { () throws(CryptoError) in try randomBytes(16) }.hex)"
    }
}
