import AMQP
import Foundation
import Glibc
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Hooks of whole sessions, run by real workers against the stub engine.
    @Suite struct HookTests {
        private typealias Stage = HookStage

        private static func condition(_ slot: HookSlot, of status: StatusEvent) -> String? {
            status.conditions.first { $0.type == slot.condition }.map { "\($0.status) \($0.reason): \($0.message)" }
        }

        @Test(.timeLimit(.minutes(1))) func aHookThatFailsBeforeABackupEndsItAndNothingIsRead() async throws {
            try await Stage.use { stage in
                try stage.script("check", "echo 'the application is busy'; exit 4")
                try stage.script("notify")
                try await stage.worker("one")
                let status = try await stage.end(
                    of: try stage.backup("busy", before: ["check", "{{ .Name }}"], after: ["notify"]))
                #expect(status.phase == .failed && status.snapshot == nil, "\(status)")
                let message = "hook preBackup failed: check ended with code 4; it wrote: the application is busy"
                #expect(Self.condition(.preBackup, of: status) == "False FailedToExecutePreBackupHook: \(message)")
                #expect(status.error == message)
                #expect(try stage.runs("check") == ["1 \(status.session) \(status.session)"])
                #expect(try stage.runs("notify").isEmpty)
                let counts = try await stage.stub.counts()
                #expect(counts.documentsRead == 0 && counts.plans == 0)
            }
        }

        @Test(.timeLimit(.minutes(2))) func theHookAfterABackupFollowsItsPolicy() async throws {
            try await Stage.use { stage in
                for name in ["good", "bad", "last", "freeze"] { try stage.script(name) }
                try await stage.worker("one")
                let cases: [(String, Hook.ExecutionPolicy, String?)] = [
                    ("good", .onSuccess, nil), ("bad", .onFailure, nil), ("good", .onSuccess, "missing"),
                    ("bad", .onFailure, "missing"),
                    ("last", .onFinalRetryFailure, "missing"),
                ]
                for (number, (hook, policy, indices)) in cases.enumerated() {
                    let command = try stage.backup(
                        "p\(number)", before: ["freeze"], after: [hook, "{{ .Status.Phase }}", "{{ .RetryLeft }}"],
                        policy: policy,
                        indices: indices)
                    let status = try await stage.end(of: command)
                    #expect(status.phase == (indices == nil ? .succeeded : .failed), "\(status)")
                    #expect(
                        Self.condition(.preBackup, of: status)?.hasPrefix("True SuccessfullyExecutedPreBackupHook") == true,
                        "\(status)")
                }
                var retried = try stage.backup("retried", after: ["last"], policy: .onFinalRetryFailure, indices: "missing")
                retried.retryLeft = 1
                #expect(Self.condition(.postBackup, of: try await stage.end(of: retried)) == nil)
                #expect(try stage.runs("freeze").count == 5)
                func session(_ number: Int) -> String { "1 \(stage.site.prefix)-p\(number)" }
                #expect(try stage.runs("good") == ["\(session(0)) Succeeded 0"])
                #expect(try stage.runs("bad") == ["\(session(3)) Failed 0"])
                #expect(try stage.runs("last") == ["\(session(4)) Failed 0"])
            }
        }

        @Test(.timeLimit(.minutes(1))) func aHookThatFailsAfterABackupLeavesItsSnapshotUsable() async throws {
            try await Stage.use { stage in
                try stage.script("notify", "exit 7")
                try await stage.worker("one")
                let status = try await stage.end(of: try stage.backup("told", after: ["notify"]))
                #expect(status.phase == .failed && status.snapshot != nil && status.source == .final, "\(status)")
                let message = "hook postBackup failed: notify ended with code 7; it wrote nothing"
                #expect(Self.condition(.postBackup, of: status) == "False FailedToExecutePostBackupHook: \(message)")
                #expect(status.error == message && status.indices.map(\.documents) == [100])
                #expect(try await stage.stub.send("DELETE", "/docs-0").status == 200)
                let restore = stage.site.restoreCommand(try #require(SessionID("\(stage.site.prefix)-back")), of: stage.stub)
                #expect(try await stage.end(of: restore).phase == .succeeded)
            }
        }

        @Test(.timeLimit(.minutes(1))) func aHookThatHangsIsKilledAtTheLimit() async throws {
            try await Stage.use { stage in
                try stage.script("hang", "echo waiting; sleep 3600")
                try await stage.worker("one", ["--hook-limit", "2s"])
                let status = try await stage.end(of: try stage.backup("hung", before: ["hang"]))
                #expect(status.phase == .failed)
                #expect(status.error?.contains("hang was killed after 2.0 seconds") == true, "\(status)")
                #expect(status.error?.hasSuffix("it wrote: waiting") == true, "\(status)")
            }
        }

        /// All units that are at work find the outcome, and so does the cancel: one of them runs the hook.
        @Test(.timeLimit(.minutes(2))) func aCancelRunsTheHookAfterTheBackupOnce() async throws {
            try await Stage.use(.init(indices: 8, shards: 2, documents: 400, pageLimit: 10, latency: 0.2)) { stage in
                try stage.script("notify", "sleep 3")
                for name in ["one", "two"] { try await stage.worker(name, ["--slots", "4"]) }
                let command = try stage.backup("many", after: ["notify", "{{ .Status.Phase }}"])
                let tap = try await Tap()
                try await stage.connection.publish(try command.message())
                for number in 0..<4 {
                    _ = try await tap.messages.first("unit \(number) at work", within: .seconds(60)) {
                        $0.progress?.session == command.id && $0.progress?.slice == number
                    }
                }
                let cancel = try await stage.site.sheaf(["cancel", command.id.text])
                let status = try await stage.end(command.id)
                #expect(status.phase == .failed && cancel.exit == .code(0), "\(status), \(cancel)")
                #expect(Self.condition(.postBackup, of: status)?.hasPrefix("True") == true, "\(status)")
                #expect(try stage.runs("notify") == ["1 \(command.id) Failed"])
                await tap.close()
            }
        }

        /// The worker dies while the program runs, or is told to stop; either way another runs it again.
        @Test(.timeLimit(.minutes(2)), arguments: [SIGKILL, SIGTERM], [HookSlot.preBackup, .postBackup])
        func anotherWorkerRunsTheHookAgain(signal: Int32, slot: HookSlot) async throws {
            let silent = try SilentServer()
            let port = try #require(silent.url.split(separator: ":").last)
            try await Stage.use { stage in
                // It tells by a connection that it runs, and ends with the worker.
                try stage.script(
                    "slow",
                    """
                    [ "$(wc -l < \(stage.site.folder)/slow.runs)" -gt 1 ] && exit 0
                    exec 3<> /dev/tcp/127.0.0.1/\(port)
                    while kill -0 "$PPID" 2> /dev/null; do sleep 0.1; done
                    """)
                let command = try stage.backup(
                    "again", before: slot == .preBackup ? ["slow"] : nil, after: slot == .postBackup ? ["slow"] : nil)
                let first = try await stage.worker("one")
                try await stage.connection.publish(try command.message())
                try await silent.accepted()
                first.send(signal: signal)
                #expect(try await first.exit(within: .seconds(20)) == (signal == SIGKILL ? .signal(SIGKILL) : .code(0)))
                try await stage.worker("two")
                let status = try await stage.end(command.id)
                #expect(status.phase == .succeeded && status.indices.map(\.documents) == [100], "\(status)")
                #expect(Self.condition(slot, of: status)?.hasPrefix("True") == true, "\(status)")
                #expect(try stage.runs("slow") == ["1 \(command.id) ", "2 \(command.id) "])
                #expect(stage.ends.finals[command.id]?.count == 1)
            }
        }
    }
}
