import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd.BatchTests {
    /// What stands when a test of batches begins, and what it does with it.
    struct Stage: Sendable {
        let site: Site
        let stub: StubEngine
        let tap: Tap
        let scheduler: ChildProcess
        /// Names of the AppBindings.
        let targets: [String]

        /// `sheaf apply` of a BackupSession "now".
        func applyCommand(_ kind: String, _ plan: String) async throws -> RunningCommand {
            let spec: JSONValue = [
                "invoker": ["apiGroup": "stash.appscode.com", "kind": .string(kind), "name": .string(plan)]
            ]
            let manifest = site.manifest("stash.appscode.com/v1beta1", "BackupSession", "now", "spec", spec)
            try site.write(manifest, "session", to: [site.folder])
            return try await site.command(["apply", "-f", "\(site.folder)/session.json"])
        }

        /// - Parameter targets: one of each of `indices`; nil: those of the stage.
        func declare(_ name: String, _ fields: JSONValue, indices: [String], targets: [String]? = nil) throws {
            var spec = spec(task: "elasticsearch-backup-8.2.0", indices: indices, targets: targets)
            for field in fields.members ?? [] { spec[field.name] = field.value }
            try site.write(
                site.manifest("stash.appscode.com/v1beta1", "BackupBatch", name, "spec", spec), "batch-\(name)",
                to: [site.schedulerResources])
        }

        func spec(task: String, indices: [String], targets: [String]? = nil) -> JSONValue {
            let members: [JSONValue] = zip(targets ?? self.targets, indices).map { target, indices in
                [
                    "target": ["ref": ["kind": "AppBinding", "name": .string(target)]],
                    "task": ["name": .string(task), "params": [["name": "indices", "value": .string(indices)]]],
                ]
            }
            return ["repository": ["name": .string(site.repositoryName)], "members": .array(members)]
        }

        /// The last lines of a command that waited.
        func members(of result: CommandResult) throws -> [SessionLine] {
            try result.output.map { SessionLine(json: try JSONValue(parsing: $0)) }.filter { $0.json["type"] == "session" }
        }

        /// Sessions that were published, in their order.
        var commands: [SessionCommand] {
            tap.messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self) }
        }

        /// Places of members in the order in which they were first published and ended: a Scheduler that was killed before it could
        /// acknowledge the trigger asks again, and is told the end again.
        var order: [String] {
            var seen: Set<String> = []
            return tap.messages.elements.compactMap { message in
                if let parent = message.event(.backupSession, SessionCommand.self)?.parent { return "\(parent.place)" }
                return message.status.flatMap { $0.source == .final ? "\($0.parent?.place ?? -1) ends" : nil }
            }.filter { seen.insert($0).inserted }
        }

        func published(_ number: Int, within limit: Duration = .seconds(30)) async throws -> SessionCommand {
            let found = Feed<SessionCommand>()
            let message = try await tap.messages.first("session \(number)", within: limit) { message in
                guard let command = message.event(.backupSession, SessionCommand.self) else { return false }
                found.append(command)
                return found.elements.count == number
            }
            return try #require(message.event(.backupSession, SessionCommand.self))
        }

        func end(of command: SessionCommand) async throws -> StatusEvent { try await tap.end(of: command.id) }
    }
}
