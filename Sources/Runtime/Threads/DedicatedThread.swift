import Glibc

/// One thread of our own, joined when the last reference goes.
///
/// Signals meant for the program are blocked in it, so that blocking calls of C libraries are not cut short by them.
/// A program started from such a thread inherits that: give it its own mask (`POSIX_SPAWN_SETSIGMASK`).
package final class DedicatedThread: Sendable {
    private let thread: pthread_t

    /// - Parameter name: shown by `top -H` and debuggers; the kernel keeps 15 bytes.
    /// - Throws: `.threadUnavailable`, which is retryable, when the process may not have one more.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(RuntimeError) {
        let start = Unmanaged.passRetained(ThreadStart(name: name, body))
        var blocked = sigset_t()
        var previous = sigset_t()
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD] { sigaddset(&blocked, signal) }
        pthread_sigmask(SIG_BLOCK, &blocked, &previous)
        var created = pthread_t()
        let result = pthread_create(
            &created, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, start.toOpaque())
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        guard result == 0 else {
            start.release()
            throw RuntimeError(
                code: .threadUnavailable,
                message: "could not start thread \(name): \(errorText(result)); raise the limit of processes (ulimit -u, pids)",
                isRetryable: true)
        }
        thread = created
    }

    /// Waits for the body to return, or lets the thread go when this runs on the thread itself.
    deinit {
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }
}

private final class ThreadStart: Sendable {
    private let name: String
    private let body: @Sendable () -> Void

    init(name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }

    /// The name goes through procfs since Swift cannot see `pthread_setname_np`; a thread without one works as well.
    func run() {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        if file >= 0 {
            let bytes = Array(name.utf8.prefix(15))
            _ = write(file, bytes, bytes.count)
            close(file)
        }
        body()
    }
}
