import Foundation
import Glibc
import Testing

@testable import AMQP

/// A broker that one test may stop, freeze and starve; run by `scripts/rabbitmq` in a folder of its own.
final class OwnBroker: Sendable {
    let address: BrokerAddress
    private let folder: URL
    private let port: UInt16

    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/rabbitmq").path

    /// - Parameter settings: terms of Erlang for advanced.config.
    static func run<Value>(settings: String = "[].", _ body: (OwnBroker) async throws -> Value) async throws -> Value {
        let broker = try OwnBroker(settings: settings)
        let result: Result<Value, any Error>
        do {
            try await broker.start()
            result = .success(try await body(broker))
        } catch {
            result = .failure(error)
        }
        try broker.send(SIGCONT)
        try await broker.stop()
        try FileManager.default.removeItem(at: broker.folder)
        return try result.get()
    }

    private init(settings: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sheaf-broker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data((settings + "\n").utf8).write(to: folder.appendingPathComponent("advanced.config"))
        // Apart from the script's own range (20000 to 30000) and the kernel's outgoing ports.
        port = UInt16.random(in: 10_000..<20_000)
        address = try BrokerAddress("amqp://guest:guest@127.0.0.1:\(port)")
    }

    func start() async throws {
        try await run(["start", folder.path, "\(port)"])
    }

    func stop() async throws {
        try await run(["stop", folder.path])
    }

    func control(_ arguments: String...) async throws {
        try await run(["ctl", folder.path] + arguments)
    }

    /// Signals the broker's process, if it runs.
    func send(_ signal: Int32) throws {
        let file = folder.appendingPathComponent("pid")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let text = try String(contentsOf: file, encoding: .utf8)
        let process = try #require(pid_t(text))
        #expect(kill(process, signal) == 0)
    }

    /// Suspends instead of blocking: two tests that wait for a broker would hold both threads of Swift's pool.
    private func run(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.script)
        process.arguments = arguments
        // The broker outlives the script and would keep a pipe open.
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ends, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            continuation.yield($0.terminationStatus)
            continuation.finish()
        }
        try process.run()
        for await status in ends {
            try #require(status == 0, "scripts/rabbitmq \(arguments.joined(separator: " ")) failed")
        }
    }
}
