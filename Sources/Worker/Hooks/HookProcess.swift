import CSpawn
import Glibc
import Runtime

/// A local program with a process group of its own: its standard input is empty, its outputs are read, and nothing of it is left behind.
///
/// Blocking. There is no shell between.
struct HookProcess {
    enum End: Equatable {
        case code(CInt)
        case signal(CInt)
        /// It was killed at its limit.
        case overtime
    }

    /// How often a quiet program is looked after.
    private static let interval: CInt = 100
    /// Bytes of output that are kept: of what is shown, secrets are masked first, and one may begin before it.
    private static let keptOutput = 64 << 10

    let program: String
    let arguments: [String]
    /// All of it.
    let environment: [String: String]
    /// Its working directory.
    let folder: String

    /// - Parameters:
    ///   - limit: after it the group is killed.
    ///   - check: called several times a second; what it throws ends the program and is thrown on.
    /// - Returns: how it ended, and the last of what it wrote to its outputs.
    /// - Throws: `WorkerError(.refused)` when it cannot be started.
    func run(limit: Duration, check: () throws -> Void) throws -> (end: End, output: [UInt8]) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw WorkerError(.refused, "\(program) cannot be started: \(errorText(errno))") }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        defer { close(ends[0]) }
        let group: pid_t
        do {
            defer { close(ends[1]) }
            group = try start(writingTo: ends[1])
        }
        var output: [UInt8] = []
        var isOpen = true
        let deadline = ContinuousClock.now + limit
        do {
            while true {
                Self.wait(for: isOpen ? ends[0] : -1)
                isOpen = isOpen && Self.read(ends[0], into: &output)
                if Self.hasEnded(group) {
                    // Its own children may hold the pipe open, so the end of what it wrote is not waited for.
                    if isOpen { _ = Self.read(ends[0], into: &output) }
                    return (Self.reap(group), output)
                }
                if ContinuousClock.now >= deadline {
                    _ = Self.reap(group)
                    if isOpen { _ = Self.read(ends[0], into: &output) }
                    return (.overtime, output)
                }
                try check()
            }
        } catch {
            _ = Self.reap(group)
            throw error
        }
    }

    private func start(writingTo file: CInt) throws(WorkerError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, file, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, file, STDERR_FILENO)
        // Whatever else this process has open is none of the program's.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        posix_spawn_file_actions_addchdir_np(&actions, folder)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The worker's threads block signals and ignore broken pipes, which the program must not inherit.
        var (none, changed) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigemptyset(&changed)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&changed, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &changed)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id = pid_t()
        let result = posix_spawn(&id, program, &actions, &attributes, &words, &variables)
        guard result == 0 else {
            throw WorkerError(
                .refused, "\(program) cannot be started: \(errorText(result)); does its first line name a program that is here?")
        }
        return id
    }

    /// Waits for something to read, no longer than the interval.
    private static func wait(for file: CInt) {
        var waiting = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        _ = poll(&waiting, 1, interval)
    }

    /// - Returns: false once nobody can write any more.
    private static func read(_ file: CInt, into output: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        // A program that never stops writing must not keep its limit from being looked at.
        for _ in 0..<16 {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return false }
            guard count > 0 else { return errno == EAGAIN || errno == EINTR }
            output += buffer[..<count]
            if output.count > 2 * keptOutput { output.removeFirst(output.count - keptOutput) }
        }
        return true
    }

    /// Leaves it as a zombie, so that its number stays its group's.
    private static func hasEnded(_ id: pid_t) -> Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(id), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
    }

    /// Kills what is left of the group, and waits for its first process.
    private static func reap(_ id: pid_t) -> End {
        kill(-id, SIGKILL)
        var status: CInt = 0
        while waitpid(id, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
    }
}
