import Glibc

/// How decorators wait: by blocking their thread, as stores do.
package enum StorePause {
    package static func blockThread(for pause: Duration) {
        let (seconds, attoseconds) = pause.components
        guard seconds > 0 || attoseconds > 0 else { return }
        var wanted = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        // A signal ends the sleep early and leaves the rest.
        while nanosleep(&wanted, &left) != 0 && errno == EINTR { wanted = left }
    }
}
