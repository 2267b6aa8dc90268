import Glibc

/// Tells whether a folder may have changed since it was last asked about, by inotify: a look at it that finds nothing is saved.
///
/// What the kernel does not tell of (a file behind a symbolic link, what another machine writes on a network file system, anything once its
/// limits are reached) is seen by every tenth look, which is taken all the same.
final class FolderWatch {
    /// Looks of which one is taken whatever the kernel says.
    static let most = 10

    private let path: String
    private let descriptor: CInt
    private var watch: CInt = -1
    private var skipped = 0

    init(_ path: String) {
        self.path = path
        descriptor = inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
        begin()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether the folder is to be looked at. The first time it is.
    func isDue() -> Bool {
        let hasChanged = takeEvents()
        if watch >= 0, !hasChanged, skipped > 0, skipped < Self.most {
            skipped += 1
            return false
        }
        // A folder that was replaced has to be watched anew; watching the same one twice is watching it once.
        begin()
        skipped = 1
        return true
    }

    private func begin() {
        guard descriptor >= 0 else { return }
        let events =
            IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF
            | IN_MOVE_SELF
        watch = inotify_add_watch(descriptor, path, UInt32(events))
    }

    /// - Returns: whether there were any; what they say does not matter.
    private func takeEvents() -> Bool {
        guard descriptor >= 0 else { return true }
        var hasChanged = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(descriptor, &buffer, buffer.count) > 0 { hasChanged = true }
        return hasChanged
    }
}
