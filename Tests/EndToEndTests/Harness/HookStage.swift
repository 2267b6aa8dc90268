import AMQP
import Foundation
import Messages
import Testing

/// A site with a stub engine, a folder of hooks and an ear for the ends of sessions.
struct HookStage {
    let site: Site
    let stub: StubEngine
    let connection: BrokerConnection
    let ends: StatusInbox
    var hooks: String { site.folder + "/hooks" }

    static func use(
        _ shape: StubEngine.Shape = .init(indices: 1, shards: 2, documents: 50), _ body: (HookStage) async throws -> Void
    ) async throws {
        try await Site.use { site in
            let stub = try await site.startStub(shape)
            try site.declare(stub)
            let stage = HookStage(
                site: site, stub: stub, connection: try await Broker.open("sheaf-e2e hooks"),
                ends: try await StatusInbox.ends())
            try FileManager.default.createDirectory(atPath: stage.hooks, withIntermediateDirectories: true)
            try await body(stage)
            await stage.connection.close()
            try await stage.ends.close()
        }
    }

    @discardableResult func worker(_ name: String, _ more: [String] = []) async throws -> ChildProcess {
        try await site.startWorker(name, ["--hooks", hooks] + more)
    }

    /// A script that notes that it ran, then does what it is told.
    func script(_ name: String, _ text: String = "exit 0") throws {
        let file = "\(hooks)/\(name)"
        try Data("#!/bin/bash\necho \"$SHEAF_ATTEMPT $SHEAF_SESSION $*\" >> \(site.folder)/\(name).runs\n\(text)\n".utf8)
            .write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    }

    /// What the script noted, a run a line.
    func runs(_ name: String) throws -> [String] {
        let file = "\(site.folder)/\(name).runs"
        guard FileManager.default.fileExists(atPath: file) else { return [] }
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// A backup with hooks, each a program with arguments.
    func backup(
        _ name: String, before: [String]? = nil, after: [String]? = nil, policy: Hook.ExecutionPolicy? = nil,
        indices: String? = nil
    )
        throws -> SessionCommand
    {
        var command = site.backupCommand(try #require(SessionID("\(site.prefix)-\(name)")), of: stub)
        func hook(_ words: [String]?, _ policy: Hook.ExecutionPolicy? = nil) -> Hook? {
            guard let words else { return nil }
            var hook = Hook()
            hook.exec = Hook.Exec(command: words)
            hook.executionPolicy = policy
            return hook
        }
        command.configuration?.spec.hooks = .init(preBackup: hook(before), postBackup: hook(after, policy))
        if let indices {
            command.configuration?.spec.task = TaskRef(name: "", params: [.init(name: "indices", value: indices)])
        }
        return command
    }

    /// - Returns: the one end of the session.
    func end(of command: SessionCommand) async throws -> StatusEvent {
        try await connection.publish(try command.message())
        return try await end(command.id)
    }

    func end(_ session: SessionID) async throws -> StatusEvent {
        let arrival = try await ends.arrivals.first("the end of \(session)", within: .seconds(60)) {
            $0.status.session == session && $0.status.phase.isFinal
        }
        return arrival.status
    }
}
