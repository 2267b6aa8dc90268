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
    /// - Throws: `CommandError(.refused)` for a file that is there.
    init(path: String?) throws {
        guard let path else {
            (file, names, name) = (STDOUT_FILENO, nil, "standard output")
            return
        }
        name = path
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFREG else {
                throw CommandError(.refused, "\(path) is there already; remove it, or name another file")
            }
            file = open(path, O_WRONLY)
            names = nil
        } else {
            names = ("\(path).part", path)
            file = open("\(path).part", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
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
    func publish() throws {
        guard let names else { return }
        guard fsync(file) == 0 else { throw failure("written") }
        if publishedBytes == nil, rename(names.temporary, names.final) != 0 { throw failure("renamed") }
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

    private func failure(_ what: String) -> CommandError {
        let advice = errno == ENOSPC ? "; make room, or name a file on another disk" : ""
        return CommandError(.failed, "\(name) cannot be \(what): \(errorText(errno))\(advice)")
    }
}
