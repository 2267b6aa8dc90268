import AMQP
import Bus
import Foundation
import Glibc
import Runtime

/// A broker that a test may stop and kill, run by `scripts/rabbitmq` in a folder of its own.
final class ChaosBroker: Sendable {
    let url: String
    let port: Int
    private let folder: String
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "scripts/rabbitmq").path

    /// Runs the body with a broker that has nothing declared; it is gone afterwards on every way out.
    static func use(_ body: (ChaosBroker) async throws -> Void) async throws {
        let broker = try ChaosBroker()
        let result: Result<Void, any Error>
        do {
            try await broker.start()
            result = .success(try await body(broker))
        } catch {
            result = .failure(error)
        }
        try await broker.stop()
        try FileManager.default.removeItem(atPath: broker.folder)
        try result.get()
    }

    private init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/sheaf-chaos-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = Int.random(in: 10_000..<20_000)
        url = "amqp://guest:guest@127.0.0.1:\(port)/"
    }

    func open(_ name: String) async throws -> BrokerConnection {
        try await BrokerConnection.open(try BrokerAddress(url), name: name)
    }

    /// Returns once it takes connections.
    func start() async throws { try await run(["start", folder, "\(port)"]) }

    /// SIGTERM, as an operator's restart does.
    func stop() async throws { try await run(["stop", folder]) }

    /// SIGKILL, as the kernel does when memory is short.
    func kill() throws {
        let text = try String(contentsOfFile: folder + "/pid", encoding: .utf8)
        guard let process = pid_t(text), Glibc.kill(process, SIGKILL) == 0 else {
            throw Surroundings.Missing(message: "the broker in \(folder) could not be killed: '\(text)'")
        }
    }

    /// - Returns: what `rabbitmqctl` prints.
    @discardableResult func control(_ arguments: String...) async throws -> [String] {
        try await run(["ctl", folder] + arguments)
    }

    /// Messages of each queue, those that consumers hold included.
    func messages() async throws -> [String: Int] {
        let lines = try await control("--quiet", "list_queues", "--no-table-headers", "name", "messages")
        let pairs = lines.compactMap { line -> (String, Int)? in
            let words = line.split(separator: "\t")
            guard words.count == 2, let count = Int(words[1]) else { return nil }
            return (String(words[0]), count)
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// The broker's own last words.
    private func logLines() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder + "/log").sorted().flatMap { name in
            let text = try String(contentsOfFile: "\(folder)/log/\(name)", encoding: .utf8)
            return ["\(name):"] + text.split(separator: "\n").suffix(40).map(String.init)
        }
    }

    @discardableResult private func run(_ arguments: [String]) async throws -> [String] {
        let environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder]
        let process = try await ChildProcess.start("rabbitmq", Self.script, arguments, environment: environment)
        let exit = try await process.exit(within: .seconds(90))
        guard exit == .code(0) else {
            print("---- \(folder)/log, the ends of its files")
            for line in try logLines() { print(line) }
            throw Surroundings.Missing(
                message:
                    "scripts/rabbitmq \(arguments.joined(separator: " ")) ended with \(exit): \(process.log.elements.suffix(5))")
        }
        return process.output.elements
    }
}
