import Glibc
import Runtime

/// A stream of documents as bytes: standard output, or a file that has its name only when it is whole, or when its writer says so.
final class DocumentOutput {
    private let file: CInt
    /// Where it is written, and the name that it gets; nil where there is nothing to rename.
    private let names: (temporary: String, final: String)?
    private let name: String
    /// How many bytes stay whatever follows; nil as long as the file does not have its name.
    private var publishedBytes: off_t?

    /// - Parameter path: nil is standard output; a pipe or a device is written to as it is.
    /// - Throws: `CommandError(.refused)` for a file that is there, `.usage` for an empty path.
    init(path: String?) throws {
        guard let path else {
            (file, names, name) = (STDOUT_FILENO, nil, "standard output")
            return
        }
        guard !path.isEmpty else { throw CommandError(.usage, "the file to write has an empty name: give it another") }
        name = path
        var status = stat()
        if lstat(path, &status) == 0 {
            // A link may lead to a device; one that leads to a file, or nowhere, is in the way as well.
            guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { throw Self.taken(path) }
            file = open(path, O_WRONLY | O_CLOEXEC)
            names = nil
        } else {
            // Another run may write for the same name: whoever is whole first gets it.
            let own = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36)).part"
            names = (own, path)
            file = open(own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        guard file >= 0 else { throw failure("opened") }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("written")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// What was written so far is on the disk, under its name, and stays there whatever follows.
    ///
    /// - Throws: `CommandError(.refused)` where a file of this name was made meanwhile: it stays as it is.
    func publish() throws {
        guard let names else { return }
        guard fsync(file) == 0 else { throw failure("written") }
        if publishedBytes == nil { try rename(names.temporary, to: names.final) }
        publishedBytes = lseek(file, 0, SEEK_CUR)
    }

    /// What was written is on the disk, under its name.
    func finish() throws {
        guard file != STDOUT_FILENO else { return }
        try publish()
        guard close(file) == 0 else { throw failure("written") }
    }

    /// Removes what is not published.
    func abandon() {
        guard let names else { return }
        if let publishedBytes {
            // Where it fails, a line too many is left.
            _ = ftruncate(file, publishedBytes)
        } else {
            unlink(names.temporary)
        }
        close(file)
    }

    /// Never takes a name that is there.
    private func rename(_ temporary: String, to final: String) throws {
        if link(temporary, final) == 0 {
            unlink(temporary)
        } else {
            guard errno != EEXIST else { throw Self.taken(final) }
            guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else { throw failure("renamed") }
            // A file system without hard links: the name is taken with an empty file, which is this writer's to replace.
            let claim = open(final, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard claim >= 0 else { throw errno == EEXIST ? Self.taken(final) : failure("renamed") }
            close(claim)
            guard Glibc.rename(temporary, final) == 0 else { throw failure("renamed") }
        }
        try synchronizeFolder(of: final)
    }

    private func synchronizeFolder(of path: String) throws {
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("made durable") }
        defer { close(folder) }
        // Some network and FUSE file systems have nothing to sync in a folder and say so this way.
        guard fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP else { throw failure("made durable") }
    }

    private static func taken(_ path: String) -> CommandError {
        CommandError(.refused, "\(path) is there already; remove it, or name another file")
    }

    private func failure(_ what: String) -> CommandError {
        let advice = errno == ENOSPC ? "; make room, or name a file on another disk" : ""
        return CommandError(.failed, "\(name) cannot be \(what): \(errorText(errno))\(advice)")
    }
}
