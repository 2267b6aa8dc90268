import AMQP
import Foundation
import Glibc
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Tasks with Functions of somebody's own, from the manifest to the program that is run (docs/functions.md).
    @Suite struct FunctionTests {
        private static let manifests = """
            apiVersion: stash.appscode.com/v1beta1
            kind: Function
            metadata: {name: freeze}
            spec: {command: [freeze], args: ["${mode:=soft}", "${TARGET_NAME}", "${INVOKER_NAME}"]}
            ---
            apiVersion: stash.appscode.com/v1beta1
            kind: Function
            metadata: {name: thaw}
            spec: {command: [thaw, "${BACKUP_SESSION}", "{{ .Status.Phase }}"]}
            ---
            apiVersion: stash.appscode.com/v1beta1
            kind: Task
            metadata: {name: around}
            spec:
              steps:
              - {name: freeze, params: [{name: mode, value: hard}]}
              - {name: elasticsearch-backup-8.2.0, params: [{name: indices, value: docs-0}]}
              - {name: thaw}
              - {name: update-status}
            """

        /// A Scheduler with a plan that names the Task.
        private func declare(_ stage: HookStage, task: String) async throws {
            let site = stage.site
            // The Scheduler's are those of the workers, but for Secrets.
            for name in ["target-0", "repository"] {
                try FileManager.default.copyItem(
                    atPath: "\(site.workerResources)/\(name).json", toPath: "\(site.schedulerResources)/\(name).json")
            }
            let reference: JSONValue = ["kind": "AppBinding", "name": .string("\(site.prefix)-t0")]
            let spec: JSONValue = [
                "task": ["name": .string(task)], "target": ["ref": reference],
                "repository": ["name": .string(site.repositoryName)],
            ]
            try site.write(
                site.manifest("stash.appscode.com/v1beta1", "BackupConfiguration", "nightly", "spec", spec), "nightly",
                to: [site.schedulerResources])
            try await site.startScheduler()
        }

        private func conditions(_ status: StatusEvent) -> [String] {
            status.conditions.filter { $0.type == SessionAction.stepCondition }.map { "\($0.status): \($0.message)" }
        }

        @Test(.timeLimit(.minutes(2))) func ownFunctionsRunBeforeAndAfterABackup() async throws {
            try await HookStage.use(.init(indices: 2, shards: 1, documents: 50)) { stage in
                try stage.script("freeze")
                try stage.script("thaw")
                let site = stage.site
                try await declare(stage, task: "around")
                let before = try await site.sheaf(["get", "backupconfiguration", "nightly", "--output", "json"])
                let plan = try JSONValue(parsing: try #require(before.output.first))
                #expect(plan[path: ["status", "phase"]] == "Invalid", "\(plan)")
                let early = try await site.backup("nightly").session
                #expect(early.phase == "Failed" && early.error.contains("there is no Task around for a backup"), "\(early.json)")

                let file = "\(site.folder)/task.yaml"
                try Data(Self.manifests.utf8).write(to: URL(filePath: file))
                let applied = try await site.sheaf(["apply", "-f", file])
                #expect(
                    applied.output == ["Function freeze applied", "Function thaw applied", "Task around applied"], "\(applied)")
                let functions = try await site.sheaf(["get", "functions"])
                #expect(functions.output.map { $0.split(separator: " ").first } == ["NAME", "freeze", "thaw"], "\(functions)")
                let task = try await site.sheaf(["describe", "task", "around"])
                #expect(task.output.contains { $0.hasSuffix("freeze elasticsearch-backup-8.2.0 thaw update-status") }, "\(task)")

                try await stage.worker("one")
                let result = try await site.backup("nightly")
                #expect(try result.session.phase == "Succeeded" && result.session.documents == 50, "\(result)")
                let status = try await stage.end(try #require(SessionID(try result.session.id)))
                #expect(
                    conditions(status) == [
                        "True: step 1 (Function freeze) of Task around: freeze ended with code 0",
                        "True: step 3 (Function thaw) of Task around: thaw ended with code 0",
                    ])
                #expect(try stage.runs("freeze") == ["1 \(status.session) hard \(site.prefix)-t0 nightly"])
                #expect(try stage.runs("thaw") == ["1 \(status.session) \(status.name) Succeeded"])
            }
        }

        @Test(.timeLimit(.minutes(1))) func aStepThatFailsBeforeABackupEndsItAndTheHookAfterItRuns() async throws {
            try await HookStage.use { stage in
                try stage.script("freeze", "echo 'the application is busy'; exit 4")
                for name in ["thaw", "notify"] { try stage.script(name) }
                try await stage.worker("one")
                var command = try stage.backup("busy", after: ["notify", "{{ .Status.Phase }}"])
                command.task = Self.task
                let status = try await stage.end(of: command)
                let message =
                    "step 1 (Function freeze) of Task around failed: freeze ended with code 4; it wrote: the application is busy"
                #expect(status.phase == .failed && status.snapshot == nil && status.error == message, "\(status)")
                #expect(conditions(status) == ["False: \(message)"])
                #expect(try await stage.stub.counts().documentsRead == 0)
                #expect(try stage.runs("thaw").isEmpty)
                #expect(try stage.runs("notify") == ["1 \(command.id) Failed"])
            }
        }

        @Test(.timeLimit(.minutes(1))) func aStepThatFailsAfterABackupLeavesItsSnapshot() async throws {
            try await HookStage.use { stage in
                try stage.script("freeze")
                try stage.script("thaw", "exit 7")
                try await stage.worker("one")
                var command = try stage.backup("told")
                command.task = Self.task
                let status = try await stage.end(of: command)
                #expect(status.phase == .failed && status.snapshot != nil, "\(status)")
                #expect(
                    status.error
                        == "step 3 (Function thaw) of Task around failed: thaw ended with code 7; it wrote nothing", "\(status)")
            }
        }

        @Test(.timeLimit(.minutes(1))) func withoutAFolderOfHooksTheStepHasFailed() async throws {
            try await HookStage.use { stage in
                try await stage.site.startWorker("one", attempts: 1)
                var command = try stage.backup("refused")
                command.task = Self.task
                let status = try await stage.end(of: command)
                #expect(status.phase == .failed && status.error?.contains("start every worker with --hooks") == true, "\(status)")
            }
        }

        private static let task = SessionTask(
            name: "around", before: [.init(number: 1, function: "freeze", command: ["freeze"])],
            after: [.init(number: 3, function: "thaw", command: ["thaw"])])

        /// The step that is at work when its worker dies runs again, and so does what ran before it on its side.
        @Test(.timeLimit(.minutes(2)), arguments: [true, false])
        func anotherWorkerRunsTheStepsAgain(isBefore: Bool) async throws {
            let silent = try SilentServer()
            let port = try #require(silent.url.split(separator: ":").last)
            try await HookStage.use { stage in
                try stage.script("first")
                // It tells by a connection that it runs, and ends with the worker.
                try stage.script(
                    "slow",
                    """
                    [ "$(wc -l < \(stage.site.folder)/slow.runs)" -gt 1 ] && exit 0
                    exec 3<> /dev/tcp/127.0.0.1/\(port)
                    while kill -0 "$PPID" 2> /dev/null; do sleep 0.1; done
                    """)
                var command = try stage.backup("again")
                let steps = ["first", "slow"].enumerated().map {
                    SessionTask.Step(number: $0 + (isBefore ? 1 : 2), function: $1, command: [$1])
                }
                command.task = SessionTask(name: "around", before: isBefore ? steps : [], after: isBefore ? [] : steps)
                let first = try await stage.worker("one")
                try await stage.connection.publish(try command.message())
                try await silent.accepted()
                try await first.kill()
                try await stage.worker("two")
                let status = try await stage.end(command.id)
                #expect(status.phase == .succeeded && status.indices.map(\.documents) == [100], "\(status)")
                #expect(conditions(status).count == 2 && conditions(status).allSatisfy { $0.hasPrefix("True") }, "\(status)")
                for name in ["first", "slow"] {
                    #expect(try stage.runs(name) == ["1 \(command.id) ", "2 \(command.id) "], "\(name)")
                }
                #expect(stage.ends.finals[command.id]?.count == 1)
            }
        }
    }
}
