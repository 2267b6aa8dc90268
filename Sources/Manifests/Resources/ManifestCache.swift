import Glibc

/// What a folder's files gave when they were last read, so that a look at an unchanged folder reads none of them.
///
/// A file counts as unchanged while size, inode and the times of its last changes are the same. One that was changed within two seconds of its
/// reading is read again: another change in the same tick of the file system's clock would not show.
package struct ManifestCache: Sendable {
    private struct Stamp: Hashable {
        var size: Int
        var inode: UInt
        var modified: [Int]

        /// Nil for what is not there, or may change unseen.
        init?(_ path: String, now: Int) {
            var facts = stat()
            guard stat(path, &facts) == 0, max(facts.st_mtim.tv_sec, facts.st_ctim.tv_sec) + 2 < now else { return nil }
            size = Int(facts.st_size)
            inode = UInt(facts.st_ino)
            modified = [facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec]
        }
    }

    private var stamps: [String: Stamp] = [:]
    private var readings: [String: ManifestReading] = [:]
    private var last: (files: [String], loaded: LoadedResources)?
    /// Files that were read so far, for tests.
    private(set) var reads = 0

    /// Seconds since 1970.
    private let clock: @Sendable () -> Int

    package init() {
        self.init { time(nil) }
    }

    init(clock: @escaping @Sendable () -> Int) {
        self.clock = clock
    }

    mutating func resources(of files: [String], read: (String) -> ManifestReading) -> LoadedResources {
        let earlier = (stamps: stamps, readings: readings)
        (stamps, readings) = ([:], [:])
        let now = clock()
        var isUnchanged = true
        for file in files {
            // Before the reading: a change during it shows the next time.
            let stamp = Stamp(file, now: now)
            stamps[file] = stamp
            if let stamp, stamp == earlier.stamps[file], let reading = earlier.readings[file] {
                readings[file] = reading
            } else {
                readings[file] = read(file)
                reads += 1
                isUnchanged = false
            }
        }
        if isUnchanged, let last, last.files == files { return last.loaded }
        let loaded = LoadedResources(of: files.compactMap { readings[$0] })
        last = (files, loaded)
        return loaded
    }
}
