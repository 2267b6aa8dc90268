import Foundation
import Glibc
import Runtime

/// A program that runs beside the tests; its output is kept line by line.
///
/// It ends with the tests' own process, however that ends: the kernel kills it (PR_SET_PDEATHSIG, by `setpriv`).
final class ChildProcess: Sendable {
    enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    /// The kernel's death signal belongs to the thread that started the program, so that thread must live as long as the tests.
    private static let starter = Result { try BlockingThreads(name: "e2e-starter", count: 1) }

    let name: String
    let id: pid_t
    let output = Feed<String>()
    /// Standard error.
    let log = Feed<String>()
    private let exits = Feed<Exit>()
    private let threads = Lock<[DedicatedThread]>([])

    /// - Parameter environment: all of it; nothing is inherited.
    static func start(_ name: String, _ program: String, _ arguments: [String], environment: [String: String]) async throws
        -> ChildProcess
    {
        try await starter.get().run { try ChildProcess(name, program, arguments, environment) }
    }

    private init(_ name: String, _ program: String, _ arguments: [String], _ environment: [String: String]) throws {
        self.name = name
        let (outputEnd, outputStart) = try Self.pipe()
        let (logEnd, logStart) = try Self.pipe()
        defer {
            close(outputStart)
            close(logStart)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputStart, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, logStart, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The starting thread blocks signals, which the program must not inherit.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let words = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", program] + arguments
        var argv = words.map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var id = pid_t()
        let result = posix_spawn(&id, "/usr/bin/setpriv", &actions, &attributes, &argv, &envp)
        guard result == 0 else {
            close(outputEnd)
            close(logEnd)
            throw StartError(message: "\(name) could not be started: \(String(cString: strerror(result)))")
        }
        self.id = id
        let started = [
            try DedicatedThread(name: "e2e-out") { [output] in Self.read(outputEnd, into: output) },
            try DedicatedThread(name: "e2e-err") { [log] in Self.read(logEnd, into: log) },
            try DedicatedThread(name: "e2e-wait") { [exits, id] in Self.wait(for: id, into: exits) },
        ]
        threads.withLock { $0 = started }
    }

    var isRunning: Bool { exits.elements.isEmpty }

    /// The high-water mark of the resident memory, in bytes; nil once the program has ended.
    var peakMemory: Int? {
        guard isRunning, let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    func send(signal: Int32) {
        if isRunning { Glibc.kill(id, signal) }
    }

    /// - Returns: how it ended, once all of its output is here too.
    @discardableResult func exit(within limit: Duration) async throws -> Exit {
        let exit = try await exits.first("the end of \(name)", within: limit) { _ in true }
        try await output.end("the output of \(name)", within: .seconds(10))
        try await log.end("the log of \(name)", within: .seconds(10))
        return exit
    }

    func kill() async throws {
        send(signal: SIGKILL)
        try await exit(within: .seconds(20))
    }

    private static func pipe() throws -> (read: CInt, write: CInt) {
        var files: [CInt] = [0, 0]
        guard Glibc.pipe(&files) == 0 else { throw StartError(message: "no pipe: \(String(cString: strerror(errno)))") }
        // A sibling that inherited the writing end would keep the pipe open after its owner's death. All programs are started on one
        // thread, so none can come between.
        for file in files { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
        return (files[0], files[1])
    }

    private static func read(_ file: CInt, into feed: Feed<String>) {
        defer {
            close(file)
            feed.finish()
        }
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                if byte == 0x0A {
                    feed.append(String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                } else {
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { feed.append(String(decoding: line, as: UTF8.self)) }
    }

    private static func wait(for id: pid_t, into exits: Feed<Exit>) {
        var status: CInt = 0
        while waitpid(id, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        exits.append(signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal))
        exits.finish()
    }

    struct StartError: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
    }
}
