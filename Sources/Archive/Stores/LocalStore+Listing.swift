package import FoundationEssentials
import Glibc

extension LocalStore {
    /// Where files wait for their name; a leading dot cannot be part of a key.
    static let staging = ".staging"

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        guard ObjectKey.isValidPrefix(prefix) else { throw malformedPrefix(prefix) }
        var page = Page(prefix: prefix, after: after?.text ?? "", limit: limit)
        let base = prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast().map { "\($0)/" }.joined()
        try walk(base, into: &page)
        return page.objects
    }

    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int {
        let folder = "\(root)/\(LocalStore.staging)"
        let names = try names(in: folder)
        guard !names.isEmpty else { return 0 }
        let now = try clock().tv_sec
        var removed = 0
        for name in names {
            let path = "\(folder)/\(name.text)"
            guard let status = try status(path), status.st_mtim.tv_sec < now - age else { continue }
            guard unlink(path) == 0 || errno == ENOENT else {
                throw ArchiveError(errno: errno, doing: "delete leftover", path: path)
            }
            removed += 1
        }
        return removed
    }

    package func now() throws(ArchiveError) -> Date {
        let time = try clock()
        return Date(timeIntervalSince1970: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }

    /// A file made now carries the clock that all others were made by, be it a file server's.
    private func clock() throws(ArchiveError) -> timespec {
        let probe = try stagedPath()
        defer { _ = unlink(probe) }
        return try OpenFile(probe, O_WRONLY | O_CREAT | O_EXCL, doing: "create").status().st_mtim
    }

    private struct Page {
        let prefix: String
        let after: String
        let limit: Int
        var objects: [ObjectInfo] = []

        var isFull: Bool { objects.count >= limit }
    }

    private struct Name {
        let text: String
        let isFolder: Bool

        /// A folder's keys all go on with a slash, so that is what it orders by: `a-b` < `a/b` < `a0`.
        var order: String { isFolder ? text + "/" : text }
    }

    /// - Parameter base: key text that ends in a slash, or nothing for the root.
    private func walk(_ base: String, into page: inout Page) throws(ArchiveError) {
        let names = try names(in: "\(root)/\(base)").sorted {
            $0.order.utf8.lexicographicallyPrecedes($1.order.utf8)
        }
        for name in names {
            if page.isFull { return }
            let text = base + name.order
            if name.isFolder {
                let mayMatch = text.hasPrefix(page.prefix) || page.prefix.hasPrefix(text)
                let mayFollow = page.after.hasPrefix(text) || page.after < text
                if mayMatch && mayFollow { try walk(text, into: &page) }
                continue
            }
            guard text.hasPrefix(page.prefix), page.after < text, let status = try status("\(root)/\(text)") else { continue }
            let modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
            page.objects.append(
                ObjectInfo(
                    key: try ObjectKey(text), size: Int(status.st_size), modified: Date(timeIntervalSince1970: modified)))
        }
    }

    /// Files and folders that can be part of a key; nothing when the folder is not there.
    private func names(in folder: String) throws(ArchiveError) -> [Name] {
        guard let directory = opendir(folder) else {
            let number = errno
            guard number == ENOENT || number == ENOTDIR else { throw ArchiveError(errno: number, doing: "list", path: folder) }
            _ = try status(folder)
            return []
        }
        defer { closedir(directory) }
        var names: [Name] = []
        errno = 0
        while let entry = readdir(directory) {
            let text = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            // Skips private files, and what others leave in a mount: lost+found, .nfs000…
            if ObjectKey.isValid(text) {
                let type = Int(entry.pointee.d_type)
                if type == DT_REG || type == DT_DIR {
                    names.append(Name(text: text, isFolder: type == DT_DIR))
                } else if let status = try status("\(folder)/\(text)") {
                    names.append(Name(text: text, isFolder: status.st_mode & S_IFMT == S_IFDIR))
                }
            }
            errno = 0
        }
        guard errno == 0 else { throw ArchiveError(errno: errno, doing: "list", path: folder) }
        return names
    }
}
