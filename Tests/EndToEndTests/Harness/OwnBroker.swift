import Foundation
import Testing

/// A broker that one test may have users on, run by `scripts/rabbitmq` in a folder of its own.
struct OwnBroker: Sendable {
    let folder: String
    private let port: UInt16

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "scripts/rabbitmq").path

    /// Runs the body with a broker, which is stopped and removed on every way out.
    ///
    /// - Parameter definitions: a file that it imports at boot.
    static func use(definitions: String? = nil, _ body: (OwnBroker) async throws -> Void) async throws {
        // Apart from the script's own range (20000 to 30000) and the kernel's outgoing ports.
        let broker = OwnBroker(
            folder: FileManager.default.temporaryDirectory.path + "/sheaf-broker-\(UUID().uuidString)",
            port: UInt16.random(in: 10_000..<20_000))
        try FileManager.default.createDirectory(atPath: broker.folder, withIntermediateDirectories: true)
        let result: Result<Void, any Error>
        do {
            if let definitions { try broker.loadAtBoot(definitions) }
            try await broker.run(["start", broker.folder, "\(broker.port)"])
            result = .success(try await body(broker))
        } catch {
            result = .failure(error)
        }
        try await broker.run(["stop", broker.folder])
        try FileManager.default.removeItem(atPath: broker.folder)
        try result.get()
    }

    func url(_ user: String = "guest", password: String = "guest") -> String {
        "amqp://\(user):\(password)@127.0.0.1:\(port)/"
    }

    /// `rabbitmqctl`.
    @discardableResult func control(_ arguments: String...) async throws -> [String] {
        try await run(["ctl", folder, "-q"] + arguments)
    }

    /// Lines for a shell, in which `rabbitmqctl` is this broker's.
    func shell(_ lines: [String]) async throws {
        let function = "rabbitmqctl() { \(Self.script) ctl \(folder) -q \"$@\"; }"
        try await run("/bin/bash", ["-euc", ([function] + lines).joined(separator: "\n")])
    }

    private func loadAtBoot(_ definitions: String) throws {
        let settings = [
            "listeners.tcp.1 = 127.0.0.1:\(port)", "disk_free_limit.absolute = 64MB",
            "load_definitions = \(folder)/definitions.json",
        ]
        try Data(definitions.utf8).write(to: URL(filePath: folder + "/definitions.json"))
        try Data((settings.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: folder + "/rabbitmq.conf"))
    }

    @discardableResult private func run(_ arguments: [String]) async throws -> [String] { try await run(Self.script, arguments) }

    @discardableResult private func run(_ program: String, _ arguments: [String]) async throws -> [String] {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let process = try await ChildProcess.start(
            "rabbitmq", program, arguments, environment: ["PATH": path, "HOME": folder])
        let exit = try await process.exit(within: .seconds(120))
        try #require(exit == .code(0), "\(arguments.joined(separator: " ").prefix(300)): \(process.log.elements.suffix(5))")
        return process.output.elements
    }
}
