import Bus
import Foundation
import Glibc
import Runtime
import Testing

/// One installation of Sheaf: folders, manifests and the programs of one test; all of it goes with the test.
final class Site: Sendable {
    let folder: String
    /// Begins the name of all that the test makes: indices, plans.
    let prefix: String
    private let amqpURL: String
    private let started = Lock<[ChildProcess]>([])
    private static let hasTopology = Lock(false)

    var repository: String { folder + "/repository" }
    var schedulerResources: String { folder + "/scheduler" }
    var workerResources: String { folder + "/workers" }

    /// Runs the body with an installation and the broker's queues empty.
    ///
    /// On every way out the programs are killed; when something failed, what they logged is shown.
    static func use(amqpURL: String? = nil, _ body: (Site) async throws -> Void) async throws {
        let isShared = amqpURL == nil
        let site = try Site(amqpURL: try amqpURL ?? Broker.url())
        let failures = FailureCount.value
        var failure: (any Error)?
        do {
            if isShared { try await site.prepareBroker() }
            try await body(site)
        } catch {
            failure = error
        }
        let processes = site.started.withLock { $0 }
        for process in processes { process.send(signal: SIGKILL) }
        for process in processes { try await process.exit(within: .seconds(20)) }
        if failure != nil || FailureCount.value > failures { site.showLogs(of: processes) }
        if Surroundings.environment["SHEAF_TEST_KEEP"] == nil { try FileManager.default.removeItem(atPath: site.folder) }
        if let failure { throw failure }
    }

    private init(amqpURL: String) throws {
        self.amqpURL = amqpURL
        prefix = "e2e-" + String(UInt64.random(in: 0 ... .max), radix: 36).suffix(8)
        folder = FileManager.default.temporaryDirectory.path + "/sheaf-" + prefix
        for path in [repository, schedulerResources, workerResources] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    private func prepareBroker() async throws {
        if !Self.hasTopology.withLock({ $0 }) {
            let declared = try await sheaf(["topology", "apply", "--output", "json"])
            try #require(declared.exit == .code(0), "\(declared)")
            Self.hasTopology.withLock { $0 = true }
        }
        try await Broker.purge()
    }

    // MARK: - Programs

    /// Starts a program that runs on, and waits until it says that it is ready, unless it is to be killed.
    private func start(
        _ name: String, wrapper: [String] = [], _ arguments: [String], failpoint: String?, readyLine: String
    ) async throws -> ChildProcess {
        let process = try await spawn(name, wrapper: wrapper, arguments, failpoint: failpoint)
        // It may be dead before it is ready, if there is work.
        guard failpoint == nil else { return process }
        _ = try await process.log.first("\(name) to say \"\(readyLine)\"", within: .seconds(30)) {
            $0.contains("\"message\":\"\(readyLine)\"")
        }
        return process
    }

    /// - Parameters:
    ///   - name: names its reply queue, which must have been declared.
    ///   - arguments: besides the folders and the name.
    ///   - failpoint: where it is killed.
    @discardableResult func startScheduler(
        _ name: String = Topology.defaultScheduler, arguments: [String] = [], failpoint: String? = nil
    ) async throws -> ChildProcess {
        try await start(
            name,
            [
                "scheduler", "--resources", schedulerResources, "--state", stateFolder(of: name), "--listen", "127.0.0.1:0",
                "--name", name,
            ] + arguments, failpoint: failpoint, readyLine: "connected to the broker")
    }

    /// Where a Scheduler keeps its ledger.
    func stateFolder(of scheduler: String) -> String { "\(folder)/state-\(scheduler)" }

    /// - Parameters:
    ///   - arguments: besides the folders, the name and the attempts, which follow each other quickly.
    ///   - failpoint: where it is killed.
    ///   - smallDisk: a folder where this worker alone sees a disk of 2 MB.
    @discardableResult func startWorker(
        _ name: String, _ arguments: [String] = [], attempts: Int = 2, spool: String? = nil, smallDisk: String? = nil,
        failpoint: String? = nil
    ) async throws -> ChildProcess {
        try await start(
            name, wrapper: smallDisk.map(SmallDisk.wrapper) ?? [],
            [
                "worker", "--resources", workerResources, "--spool", spool ?? folder + "/spool-\(name)", "--name", name,
                "--attempts", "\(attempts)", "--retry-delay", "1s",
            ] + arguments, failpoint: failpoint, readyLine: "ready")
    }

    /// Starts a stub engine; it goes with the site.
    func startStub(_ shape: StubEngine.Shape) async throws -> StubEngine {
        try StubEngine(url: try await startServer("stub", [StubEngine.program] + shape.arguments), shape: shape)
    }

    /// Starts a server that goes with the site.
    ///
    /// - Returns: the address, which is the first line that it prints.
    func startServer(_ name: String, _ words: [String]) async throws -> String {
        let process = try await startProgram(name, words)
        return try await process.output.first("the address of \(name)", within: .seconds(30)) { _ in true }
    }

    /// Starts a program that is not Sheaf's; it goes with the site.
    func startProgram(_ name: String, _ words: [String]) async throws -> ChildProcess {
        let process = try await ChildProcess.start(
            name, words[0], Array(words.dropFirst()), environment: ["PATH": "/usr/bin:/bin", "HOME": folder])
        started.withLock { $0.append(process) }
        return process
    }

    /// Runs a command to its end.
    func sheaf(_ arguments: [String], within limit: Duration = .seconds(60)) async throws -> CommandResult {
        try await command(arguments).result(within: limit)
    }

    /// Starts a command and does not wait for its end.
    func command(_ arguments: [String]) async throws -> RunningCommand {
        let start = ContinuousClock.now
        return RunningCommand(arguments: arguments, process: try await spawn(arguments[0], arguments), start: start)
    }

    /// Runs another program than `sheaf` to its end, with the broker's address in `AMQP_URL`.
    ///
    /// - Parameters:
    ///   - words: its path and its arguments; a path within the checkout when it is relative.
    ///   - variables: more of its environment.
    func run(
        _ words: [String], environment variables: [String: String] = [:], within limit: Duration = .seconds(120)
    ) async throws -> CommandResult {
        let start = ContinuousClock.now
        let program = words[0].hasPrefix("/") ? words[0] : Surroundings.packageFolder + "/" + words[0]
        let process = try await launch(words[0], [program] + words.dropFirst(), environment: variables)
        return try await RunningCommand(arguments: words, process: process, start: start).result(within: limit)
    }

    private func spawn(
        _ name: String, wrapper: [String] = [], _ arguments: [String], failpoint: String? = nil
    ) async throws -> ChildProcess {
        try await launch(name, wrapper + [try Surroundings.binary] + arguments, failpoint: failpoint)
    }

    private func launch(
        _ name: String, _ words: [String], failpoint: String? = nil, environment variables: [String: String] = [:]
    ) async throws -> ChildProcess {
        var environment = ["AMQP_URL": amqpURL, "PATH": "/usr/bin:/bin", "HOME": folder]
        environment.merge(variables) { _, given in given }
        environment[Failpoint.variable] = failpoint
        let process = try await ChildProcess.start(name, words[0], Array(words.dropFirst()), environment: environment)
        started.withLock { $0.append(process) }
        return process
    }

    private func showLogs(of processes: [ChildProcess]) {
        for process in processes {
            let log = process.log.elements + process.output.elements
            print("---- \(prefix) \(process.name) (process \(process.id)), the last of \(log.count) lines")
            for line in log.suffix(60) { print(String(line.prefix(2000))) }
        }
    }

    // MARK: - Sessions

    func backup(_ plan: String, _ more: [String] = [], within limit: Duration = .seconds(120)) async throws -> CommandResult {
        try await sheaf(["backup", plan, "--wait", "--output", "json"] + more, within: limit)
    }

    func restore(_ file: String, _ more: [String] = [], within limit: Duration = .seconds(120)) async throws -> CommandResult {
        try await sheaf(["restore", "-f", file, "--wait", "--output", "json"] + more, within: limit)
    }

    /// What `sheaf snapshots` lists.
    func snapshots() async throws -> [JSONValue] {
        let result = try await sheaf(["snapshots", "--output", "json"])
        try #require(result.exit == .code(0), "\(result)")
        return try result.output.map { try JSONValue(parsing: $0) }
    }

    /// Files below a folder that hold those bytes.
    func filesHolding(_ text: String, in folder: String) throws -> [String] {
        let bytes = Data(text.utf8)
        return try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder), !isFolder.boolValue else {
                return false
            }
            return try Data(contentsOf: URL(filePath: "\(folder)/\(path)")).range(of: bytes) != nil
        }
    }
}

/// Counts the issues of all tests, so that a test's end knows whether something was amiss.
enum FailureCount {
    private static let count = Lock(0)

    static var value: Int { count.withLock { $0 } }

    static func increment() { count.withLock { $0 += 1 } }
}
