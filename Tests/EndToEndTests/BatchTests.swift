import Bus
import Foundation
import Glibc
import HTTP
import Messages
import Runtime
import Scheduler
import Testing

extension EndToEnd {
    /// Batches with the real program: docs/batches.md. Workers come when the test wants sessions to go on.
    @Suite struct BatchTests {
        @Test(.timeLimit(.minutes(2))) func aParallelBatchBacksUpAllItsTargets() async throws {
            try await withBatch { stage in
                try await stage.site.startWorker("one")
                let result = try await stage.site.backup("all")
                #expect(result.exit == .code(0), "\(result)")
                let members = try stage.members(of: result)
                #expect(members.map(\.phase) == ["Succeeded", "Succeeded"], "\(result)")
                #expect(members.map { $0.json["target"]?.string } == stage.targets)
                #expect(members.map { $0.json[path: ["parent", "place"]]?.int } == [0, 1])
                #expect(try await stage.site.snapshots().count == 2)

                let parent = try #require(members.first?.json[path: ["parent", "id"]]?.string)
                let objects = try await stage.site.sheaf(["get", "backupsessions", "-o", "json"])
                try #require(objects.output.count == 1, "one object for the batch's session: \(objects)")
                let object = try JSONValue(parsing: objects.output[0])
                #expect(object[path: ["metadata", "uid"]]?.string == parent)
                #expect(object[path: ["spec", "invoker", "kind"]] == "BackupBatch")
                let targets = try #require(object[path: ["status", "targets"]]?.array)
                #expect(targets.map { $0[path: ["ref", "name"]]?.string } == stage.targets)
                #expect(targets.allSatisfy { $0["phase"] == "Succeeded" && $0["stats"]?[0]?["snapshots"]?[0]?["name"] != nil })
                #expect(object[path: ["status", "phase"]] == "Succeeded")
                let batch = try await stage.site.sheaf(["get", "backupbatch", "all", "-o", "json"])
                #expect(
                    try JSONValue(parsing: try #require(batch.output.first))[path: ["status", "phase"]] == "Ready", "\(batch)")
            }
        }

        /// The Scheduler is killed between members: what waits is in its ledger.
        @Test(.timeLimit(.minutes(3))) func aSequenceGoesOnAfterTheSchedulerWasKilled() async throws {
            try await withBatch(["executionOrder": "Sequential"]) { stage in
                let command = try await stage.site.command(["backup", "all", "--wait", "--output", "json"])
                let first = try await stage.published(1)
                let waiting = try await stage.tap.messages.first("the second to wait", within: .seconds(30)) {
                    $0.status.map { $0.phase == .pending && $0.parent?.place == 1 } ?? false
                }
                #expect(waiting.status?.conditions.map(\.reason) == ["MemberBefore"])
                try await stage.scheduler.kill()
                try await stage.site.startWorker("one")
                _ = try await stage.end(of: first)
                #expect(stage.order == ["0", "0 ends"], "nobody has published the second")
                try await stage.site.startScheduler()
                let result = try await command.result(within: .seconds(90))
                #expect(result.exit == .code(0), "\(result)")
                #expect(stage.order == ["0", "0 ends", "1", "1 ends"])
            }
        }

        @Test(.timeLimit(.minutes(2))) func aFailedMemberStopsNoOther() async throws {
            try await withBatch(["executionOrder": "Sequential"], indices: ["none-such", "docs-0"]) { stage in
                try await stage.site.startWorker("one")
                let result = try await stage.site.backup("all")
                #expect(result.exit == .code(1), "\(result)")
                #expect(try stage.members(of: result).map(\.phase) == ["Failed", "Succeeded"], "\(result)")
                #expect(stage.order == ["0", "0 ends", "1", "1 ends"])
                let object = try await stage.site.sheaf(["get", "backupsessions", "-o", "json"])
                #expect(
                    try JSONValue(parsing: try #require(object.output.first))[path: ["status", "phase"]] == "Failed", "\(object)")
            }
        }

        /// As a whole: Stash starts the whole session anew.
        @Test(.timeLimit(.minutes(2))) func aFailedBatchIsTriedAgainWhole() async throws {
            let fields: JSONValue = ["retryConfig": ["maxRetry": 1, "delay": "1s"]]
            try await withBatch(fields, indices: ["none-such", "docs-0"]) { stage in
                try await stage.site.startWorker("one")
                _ = try await stage.site.backup("all")
                let last = try await stage.published(4)
                _ = try await stage.end(of: last)
                let commands = stage.commands
                #expect(commands.map { $0.retryLeft } == [1, 1, 0, 0])
                #expect(Set(commands.prefix(2).map { $0.parent?.id }).count == 1)
                #expect(Set(commands.map { $0.parent?.id }).count == 2)
            }
        }

        @Test(.timeLimit(.minutes(2))) func oneMemberCanBeCancelled() async throws {
            try await withBatch { stage in
                let command = try await stage.site.command(["backup", "all", "--wait", "--output", "json"])
                _ = try await stage.published(2)
                let second = try #require(stage.commands.first { $0.parent?.place == 1 })
                let cancel = try await stage.site.command(["cancel", second.id.text])
                _ = try await stage.tap.messages.first("the cancel with its session", within: .seconds(30)) {
                    $0.event(.cancel, CancelRequest.self)?.command != nil
                }
                // So that no worker begins the second before it is cancelled.
                try await stage.site.startWorker("one")
                let result = try await command.result(within: .seconds(60))
                let members = try stage.members(of: result)
                #expect(result.exit == .code(1) && members.first?.phase == "Succeeded", "\(result)")
                #expect(members.last?.phase == "Failed" && members.last?.conditions.contains("Cancelled") == true, "\(result)")
                _ = try await cancel.result(within: .seconds(60))
            }
        }

        @Test(.timeLimit(.minutes(2))) func theWholeBatchCanBeCancelled() async throws {
            try await withBatch(["executionOrder": "Sequential"]) { stage in
                let command = try await stage.site.command(["backup", "all", "--wait", "--output", "json"])
                let parent = try #require(try await stage.published(1).parent?.id)
                let cancel = try await stage.site.command(["cancel", parent.text])
                for place in [0, 1] {
                    _ = try await stage.tap.messages.first("the cancel of member \(place)", within: .seconds(30)) {
                        $0.event(.cancel, CancelRequest.self)?.command?.parent?.place == place
                    }
                }
                try await stage.site.startWorker("one")
                let members = try stage.members(of: try await command.result(within: .seconds(60)))
                #expect(members.allSatisfy { $0.phase == "Failed" && $0.conditions.contains("Cancelled") }, "\(members)")
                let cancelled = try await cancel.result(within: .seconds(60))
                #expect(cancelled.exit == .code(0), "\(cancelled)")
            }
        }

        /// Two batches with the same schedule: of the one that is paused nothing starts, unless somebody asks.
        @Test(.timeLimit(.minutes(4))) func aPausedBatchRunsOnlyWhenAsked() async throws {
            try await withBatch(["schedule": "* * * * *", "paused": true]) { stage in
                try stage.declare("other", ["schedule": "* * * * *"], indices: ["docs-0", "docs-0"])
                try await stage.site.startWorker("one")
                _ = try await stage.published(2, within: .seconds(100))
                #expect(stage.commands.allSatisfy { $0.invoker.name == "other" && $0.notAfter != nil })
                let batch = try await stage.site.sheaf(["describe", "backupbatch", "all"])
                #expect(batch.output.contains { $0.contains("It is paused.") }, "\(batch)")
                let result = try await stage.site.backup("all")
                #expect(result.exit == .code(0), "\(result)")
            }
        }

        @Test(.timeLimit(.minutes(2))) func aBackupSessionIsAppliedOnce() async throws {
            try await withBatch { stage in
                func apply(_ kind: String, _ plan: String) async throws -> CommandResult {
                    try await stage.applyCommand(kind, plan).result(within: .seconds(60))
                }
                try await stage.site.startWorker("one")
                let first = try await apply("BackupBatch", "all")
                #expect(first.exit == .code(0) && first.output.contains { $0.contains("created (session ") }, "\(first)")
                let commands = try await (stage.published(1), stage.published(2))
                #expect(commands.0.name == "now" && commands.1.name == "now")
                let again = try await apply("BackupBatch", "all")
                #expect(again.exit == .code(0) && again.output.contains { $0.contains("unchanged (session ") }, "\(again)")
                let other = try await apply("BackupConfiguration", "nightly")
                #expect(other.exit == .code(5) && other.errors.contains { $0.contains("is immutable") }, "\(other)")
                for command in [commands.0, commands.1] { _ = try await stage.end(of: command) }
                let object = try await stage.site.sheaf(["get", "backupsession", "now", "-o", "json"])
                #expect(
                    try JSONValue(parsing: try #require(object.output.first))[path: ["status", "phase"]] == "Succeeded",
                    "\(object)")
                #expect(stage.commands.count == 2)
            }
        }

        /// All members are recorded in one, so that the batch ends, and is tried again, wherever the Scheduler is killed.
        @Test(.timeLimit(.minutes(3))) func aMemberThatCannotBeginIsKnownAfterAKill() async throws {
            try await withBatch { stage in
                try stage.declare(
                    "gap", ["retryConfig": ["maxRetry": 1, "delay": "1s"]], indices: ["docs-0", "docs-0", "docs-0"],
                    targets: [stage.targets[0], "gone", stage.targets[1]])
                try await stage.scheduler.kill()
                let killed = try await stage.site.startScheduler(failpoint: "scheduler.publish.after")
                let command = try await stage.applyCommand("BackupBatch", "gap")
                #expect(try await killed.exit(within: .seconds(30)) == .signal(SIGKILL))
                try await stage.site.startScheduler()
                try await stage.site.startWorker("one")
                let applied = try await command.result(within: .seconds(60))
                #expect(applied.exit == .code(0) && applied.output.contains { $0.contains("unchanged") }, "\(applied)")
                // A retry of it follows only when all three have ended.
                let parents = Feed<SessionID>()
                let retry = try await stage.tap.messages.first("a retry of the batch", within: .seconds(60)) { message in
                    guard let parent = message.event(.backupSession, SessionCommand.self)?.parent?.id else { return false }
                    parents.append(parent)
                    return Set(parents.elements).count == 2
                }
                let last = try #require(retry.event(.backupSession, SessionCommand.self))
                #expect(last.retryLeft == 0 && last.parent?.count == 3)
                let object = try await stage.site.sheaf(["get", "backupsession", "now", "-o", "json"])
                let line = try #require(object.output.first)
                let status = try #require(try JSONValue(parsing: line)["status"])
                #expect(status["phase"] == "Failed", "\(object)")
                #expect(
                    status["targets"]?.array?.compactMap { $0["phase"] } == ["Succeeded", "Failed", "Succeeded"], "\(object)")
                _ = try await stage.end(of: last)
            }
        }

        @Test(.timeLimit(.minutes(2))) func aRestoreBatchRestoresEachTarget() async throws {
            try await withBatch { stage in
                try await stage.site.startWorker("one")
                #expect(try await stage.site.backup("all").exit == .code(0))
                for target in [0, 1] { #expect(try await stage.stub.send("DELETE", "/t\(target)/docs-0").status == 200) }
                var spec = stage.spec(task: "elasticsearch-restore-8.2.0", indices: ["docs-0", "docs-0"])
                spec["executionOrder"] = "Sequential"
                let manifest = stage.site.manifest("stash.appscode.com/v1beta1", "RestoreBatch", "back", "spec", spec)
                try stage.site.write(manifest, "back", to: [stage.site.folder, stage.site.schedulerResources])
                let result = try await stage.site.restore("\(stage.site.folder)/back.json")
                #expect(result.exit == .code(0), "\(result)")
                let members = try stage.members(of: result)
                #expect(
                    members.map(\.phase) == ["Succeeded", "Succeeded"] && members.map(\.documents) == [200, 200], "\(result)")
                let object = try await stage.site.sheaf(["get", "restorebatch", "back", "-o", "json"])
                let line = try #require(object.output.first)
                let status = try #require(try JSONValue(parsing: line)["status"])
                #expect(status["phase"] == "Succeeded" && status["members"]?.array?.count == 2, "\(object)")
            }
        }

        /// A batch of two targets, and a Scheduler without workers.
        private func withBatch(
            _ fields: JSONValue = [:], indices: [String] = ["docs-0", "docs-0"], _ body: (Stage) async throws -> Void
        ) async throws {
            try await Site.use { site in
                let stub = try await site.startStub(.init(targets: 2, documents: 200))
                try site.declare(.defaultEngine, url: stub.url(of: 0))
                let second = "\(site.prefix)-second"
                let spec: JSONValue = ["type": "elasticsearch", "clientConfig": ["url": .string(stub.url(of: 1))]]
                try site.write(
                    site.manifest("appcatalog.appscode.com/v1alpha1", "AppBinding", second, "spec", spec), "second",
                    to: [site.schedulerResources, site.workerResources])
                let tap = try await Tap()
                let stage = Stage(
                    site: site, stub: stub, tap: tap, scheduler: try await site.startScheduler(), targets: [site.cluster, second])
                try stage.declare("all", fields, indices: indices)
                try await body(stage)
                await tap.close()
            }
        }
    }
}
