import Glibc
import Runtime

/// The folder below which each process has its own: who may have made it, who is starting there, and what dead processes left.
struct SpoolFolder {
    static let lockName = "lock"
    private static let prefix = "spool-"
    /// Between two looks at a lock that another process holds.
    private static let pause = Duration.milliseconds(20)

    let path: String

    /// Makes the folder where it is missing, and refuses one that others than `origin` allows could have prepared. In a chosen folder
    /// that everybody may write to, such as an `emptyDir` of Kubernetes, it is `sheaf-<uid>` below.
    ///
    /// - Throws: `.accessDenied` for a folder that is not to be trusted, `.invalid` for one that cannot be.
    init(_ parent: String, _ origin: Spool.Origin) throws(ArchiveError) {
        try SpoolFolder.make(parent, mode: origin == .temporary ? 0o700 : 0o750)
        guard origin == .chosen else {
            path = parent
            try checkTrust()
            return
        }
        guard let status = SpoolFolder.status(of: parent, followingLinks: true) else {
            throw ArchiveError(errno: errno, doing: "look at spool folder", path: parent)
        }
        let isEverybodys = status.st_mode & S_IWOTH != 0
        path = isEverybodys ? "\(parent)/sheaf-\(geteuid())" : parent
        guard status.isFolder else { throw untrusted("is no folder", advice: "remove it") }
        guard isEverybodys else { return }
        try SpoolFolder.make(path, mode: 0o700)
        try checkTrust()
    }

    /// Keeps other processes from starting here, until what it returns is gone.
    ///
    /// - Parameter patience: how long another one's start is waited for.
    /// - Throws: `.exists` where the lock is held for longer.
    func lock(patience: Duration) throws(ArchiveError) -> OpenFile {
        let gate = try OpenFile("\(path)/.lock", O_RDWR | O_CREAT | O_NOFOLLOW, doing: "open")
        let deadline = ContinuousClock.now + patience
        while flock(gate.descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw ArchiveError(errno: errno, doing: "lock", path: gate.path) }
            guard ContinuousClock.now < deadline else {
                throw ArchiveError(
                    .exists,
                    "the spool folder \(path) is locked by another process, for \(patience.shortText) where a start takes a moment: end "
                        + "the process that has \(gate.path) open, or name another folder with --spool")
            }
            StorePause.blockThread(for: Self.pause)
        }
        return gate
    }

    /// To be called while locked, so that a free number stays free.
    func makeOwn() throws(ArchiveError) -> String {
        var number = 0
        while true {
            let own = "\(path)/\(Self.prefix)\(getpid())-\(number)"
            if mkdir(own, 0o700) == 0 { return own }
            guard errno == EEXIST else { throw ArchiveError(errno: errno, doing: "create", path: own) }
            number += 1
        }
    }

    /// To be called while locked. What is another user's, or no folder, is left alone: its names may lead anywhere.
    func wipeDead() throws(ArchiveError) {
        for name in try Self.names(in: path) where name.hasPrefix(Self.prefix) {
            let dead = "\(path)/\(name)"
            guard let status = Self.status(of: dead), status.isFolder, status.st_uid == geteuid() else { continue }
            let lock = try OpenFile("\(dead)/\(Self.lockName)", O_RDWR | O_CREAT | O_NOFOLLOW, doing: "open")
            guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
                guard errno == EWOULDBLOCK else { throw ArchiveError(errno: errno, doing: "lock", path: dead) }
                continue
            }
            for file in try Self.names(in: dead) where unlink("\(dead)/\(file)") != 0 && errno != ENOENT {
                throw ArchiveError(errno: errno, doing: "delete leftover", path: "\(dead)/\(file)")
            }
            guard rmdir(dead) == 0 || errno == ENOENT else {
                throw ArchiveError(errno: errno, doing: "delete leftover", path: dead)
            }
        }
    }

    /// Makes sure that the folder is this user's alone: whoever else could write to it may have prepared what lies there.
    private func checkTrust() throws(ArchiveError) {
        guard let status = Self.status(of: path) else {
            throw ArchiveError(errno: errno, doing: "look at spool folder", path: path)
        }
        guard status.isFolder else { throw untrusted("is no folder", advice: "remove it") }
        guard status.st_uid == geteuid() else {
            throw untrusted("belongs to another user (\(status.st_uid))", advice: "have it removed")
        }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw untrusted("can be written to by others", advice: "look what others left in it, and remove it")
        }
        guard status.st_mode & 0o077 != 0 else { return }
        // As earlier versions made it.
        let folder = try OpenFile(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, doing: "open")
        guard fchmod(folder.descriptor, 0o700) == 0 else {
            throw ArchiveError(errno: errno, doing: "change the rights of", path: path)
        }
    }

    private func untrusted(_ what: String, advice: String) -> ArchiveError {
        ArchiveError(
            .accessDenied,
            "the spool folder \(path) \(what), and names and _ids of documents wait in it as they are: \(advice), or name another folder "
                + "with --spool")
    }

    /// Makes the folder and what is above it.
    private static func make(_ folder: String, mode: mode_t) throws(ArchiveError) {
        var parent = folder[...]
        while parent.count > 1, parent.last == "/" { parent.removeLast() }
        let slashes = parent.indices.dropFirst().filter { parent[$0] == "/" }
        for end in slashes + [parent.endIndex] {
            let path = String(parent[..<end])
            // A folder that is there may lie in one that nobody may write to.
            guard
                access(path, F_OK) == 0 || mkdir(path, end == parent.endIndex ? mode : 0o755) == 0 || errno == EEXIST
            else {
                // Of a file system that takes no folders: nothing of a repository is missing.
                guard errno != ENOENT else {
                    throw ArchiveError(
                        .invalid,
                        "cannot create spool folder \(path): nothing can be made there; name another folder with --spool")
                }
                throw ArchiveError(errno: errno, doing: "create spool folder", path: path)
            }
        }
    }

    private static func status(of path: String, followingLinks: Bool = false) -> stat? {
        var status = stat()
        return (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 ? status : nil
    }

    private static func names(in folder: String) throws(ArchiveError) -> [String] {
        guard let directory = opendir(folder) else { throw ArchiveError(errno: errno, doing: "list", path: folder) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}

extension stat {
    fileprivate var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
}
