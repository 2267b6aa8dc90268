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

    /// The last of what a program wrote to its outputs.
    struct Output {
        fileprivate(set) var bytes: [UInt8] = []
        /// It wrote more before them.
        fileprivate(set) var isCut = false
    }

    /// How often a quiet program is looked after.
    private static let interval: CInt = 100
    /// Bytes of output that are kept: of what is shown, secrets are masked first, and one may begin before it.
    private static let keptOutput = 64 << 10

    /// The file.
    let program: String
    /// What it is told as its own name.
    let name: String
    let arguments: [String]
    /// All of it.
    let environment: [String: String]
    /// Its working directory.
    let folder: String

    /// - Parameters:
    ///   - limit: after it the group is killed.
    ///   - check: called several times a second; what it throws ends the program and is thrown on.
    /// - Returns: how it ended, and the last of what it wrote to its outputs.
    /// - Throws: `WorkerError` when it cannot be started, or when how it ended is told to somebody else.
    func run(limit: Duration, check: () throws -> Void) throws -> (end: End, output: Output) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw WorkerError(.missingHere, "\(program) cannot be started: \(errorText(errno))") }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        defer { close(ends[0]) }
        let group: pid_t
        do {
            defer { close(ends[1]) }
            group = try start(writingTo: ends[1])
        }
        var output = Output()
        var isOpen = true
        let deadline = ContinuousClock.now + limit
        do {
            while true {
                Self.wait(for: isOpen ? ends[0] : -1)
                isOpen = isOpen && Self.read(ends[0], into: &output)
                if try hasEnded(group) {
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
        } catch is Reaped {
            // Its number may be another's by now, so nothing is killed.
            throw WorkerError(
                .missingHere,
                "how \(program) ended was told to somebody else: the worker must not run where children are waited for by another, "
                    + "or where SIGCHLD is ignored")
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
        var words = ([name] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id = pid_t()
        let result = posix_spawn(&id, program, &actions, &attributes, &words, &variables)
        guard result == 0 else {
            if result == E2BIG { throw WorkerError(.refused, "\(program) cannot be started: \(errorText(result))") }
            // Too many processes, too little memory, a file that is just being written: another worker, or a later try, may fare better.
            throw WorkerError(
                .missingHere,
                "\(program) cannot be started: \(errorText(result)); does its first line name a program that is here?")
        }
        return id
    }

    /// Waits for something to read, no longer than the interval.
    private static func wait(for file: CInt) {
        var waiting = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        _ = poll(&waiting, 1, interval)
    }

    /// - Returns: false once nobody can write any more.
    private static func read(_ file: CInt, into output: inout Output) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        // A program that never stops writing must not keep its limit from being looked at.
        for _ in 0..<16 {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return false }
            guard count > 0 else { return errno == EAGAIN || errno == EINTR }
            output.bytes += buffer[..<count]
            if output.bytes.count > 2 * keptOutput {
                output.bytes.removeFirst(output.bytes.count - keptOutput)
                output.isCut = true
            }
        }
        return true
    }

    /// The process is gone, and somebody else has heard how.
    private struct Reaped: Error {}

    /// Leaves it as a zombie, so that its number stays its group's.
    private func hasEnded(_ id: pid_t) throws -> Bool {
        var info = siginfo_t()
        if waitid(P_PID, id_t(id), &info, WEXITED | WNOHANG | WNOWAIT) == 0 { return info.si_signo == SIGCHLD }
        guard errno == ECHILD else { return false }
        throw Reaped()
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
