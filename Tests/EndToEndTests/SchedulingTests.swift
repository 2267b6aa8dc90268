import Bus
import Foundation
import Glibc
import Messages
import Runtime
import Scheduler
import Testing

extension EndToEnd {
    /// When sessions start that somebody asked for: docs/scheduling.md, with the real program. Workers come when the test wants sessions to go on.
    @Suite struct SchedulingTests {
        @Test(.timeLimit(.minutes(2))) func aPlanThatHasASessionSkipsTheNext() async throws {
            try await withPlans(["nightly"]) { site, tap, _ in
                let first = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                let id = try await tap.published("nightly").id
                let second = try await site.backup("nightly")
                #expect(second.exit != .code(0), "\(second)")
                let skipped = try second.session
                #expect(skipped.phase == "Skipped" && skipped.conditions == ["BackupSkipped"], "\(skipped.json)")
                #expect(skipped.error.contains(id.text), "\(skipped.error)")
                #expect(tap.sessions.count == 1, "nothing of it goes to workers")

                try await site.startWorker("one")
                #expect(try await first.result(within: .seconds(60)).session.phase == "Succeeded")
                #expect(try await site.backup("nightly").session.phase == "Succeeded")
            }
        }

        /// The Scheduler is killed meanwhile: what waits is in its ledger.
        @Test(.timeLimit(.minutes(2))) func aPlanWaitsForAnothersSessionOfItsTarget() async throws {
            try await withPlans(["first", "second", "third"]) { site, tap, scheduler in
                var commands: [RunningCommand] = []
                for plan in ["first", "second", "third"] {
                    commands.append(try await site.command(["backup", plan, "--wait", "--output", "json"]))
                    if plan == "first" {
                        _ = try await tap.published("first")
                    } else {
                        #expect(try await tap.waits(plan).conditions.map(\.reason) == ["TargetIsBackedUp"])
                    }
                }
                try await scheduler.kill()
                #expect(tap.sessions.map(\.invoker.name) == ["first"])
                try await site.startScheduler()
                try await site.startWorker("one")
                for command in commands {
                    let result = try await command.result(within: .seconds(60))
                    #expect(try result.session.phase == "Succeeded", "\(result)")
                }
                #expect(
                    tap.sessions.map(\.invoker.name) == ["first", "second", "third"], "one at a time, in the order of asking")
                #expect(tap.order == ["first", "first ends", "second", "second ends", "third", "third ends"])
            }
        }

        @Test(.timeLimit(.minutes(2))) func whatWaitsForAPlanThatIsRemovedIsSkipped() async throws {
            try await withPlans(["first", "second"]) { site, tap, _ in
                let first = try await site.command(["backup", "first", "--wait", "--output", "json"])
                _ = try await tap.published("first")
                let second = try await site.command(["backup", "second", "--wait", "--output", "json"])
                _ = try await tap.waits("second")
                try FileManager.default.removeItem(atPath: "\(site.schedulerResources)/plan-second.json")
                let skipped = try await second.result(within: .seconds(30)).session
                #expect(skipped.phase == "Skipped" && skipped.error.contains("was removed"), "\(skipped.json)")
                try await site.startWorker("one")
                #expect(try await first.result(within: .seconds(60)).session.phase == "Succeeded")
                #expect(tap.sessions.count == 1)
            }
        }

        @Test(.timeLimit(.minutes(2))) func aTargetThatIsRestoredHoldsItsBackups() async throws {
            try await withPlans(["nightly"]) { site, tap, _ in
                // There is no snapshot, so it fails; until then it may have begun to write.
                let restore = try await site.command(
                    ["restore", "-f", try site.restoreFile("back"), "--wait", "--output", "json"])
                _ = try await tap.messages.first("the restore", within: .seconds(30)) {
                    $0.event(.restoreSession, SessionCommand.self) != nil
                }
                let backup = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                let waiting = try await tap.waits("nightly")
                #expect(waiting.conditions.map(\.reason) == ["TargetIsRestored"], "\(waiting)")
                #expect(tap.sessions.isEmpty)
                try await site.startWorker("one")
                #expect(try await restore.result(within: .seconds(60)).session.phase == "Failed")
                #expect(try await backup.result(within: .seconds(60)).session.phase == "Succeeded")
            }
        }

        @Test(.timeLimit(.minutes(2))) func whatWaitsForTooLongFailsAndSaysWhy() async throws {
            try await withPlans(["first"]) { site, tap, _ in
                try site.declarePlan("second", indices: "docs-0", timeOut: "3s")
                let first = try await site.command(["backup", "first", "--wait", "--output", "json"])
                _ = try await tap.published("first")
                let late = try await site.backup("second").session
                #expect(late.phase == "Failed" && late.conditions == ["DeadlineExceeded"], "\(late.json)")
                #expect(late.error.contains("waited for its target"), "\(late.error)")
                try await site.startWorker("one")
                #expect(try await first.result(within: .seconds(60)).session.phase == "Succeeded")
                #expect(tap.sessions.count == 1)
            }
        }

        /// Its workers know nothing of it, and are told all that the ledger knows.
        @Test(.timeLimit(.minutes(2))) func whatWaitsCanBeCancelled() async throws {
            try await withPlans(["first", "second"]) { site, tap, _ in
                let first = try await site.command(["backup", "first", "--wait", "--output", "json"])
                _ = try await tap.published("first")
                let second = try await site.command(["backup", "second", "--wait", "--output", "json"])
                let id = try await tap.waits("second").session
                let cancel = try await site.command(["cancel", id.text])
                _ = try await tap.messages.first("the cancel with its session", within: .seconds(30)) {
                    $0.event(.cancel, CancelRequest.self)?.command != nil
                }
                try await site.startWorker("one")
                let cancelled = try await second.result(within: .seconds(60)).session
                #expect(cancelled.phase == "Failed" && cancelled.conditions.contains("Cancelled"), "\(cancelled.json)")
                #expect(try await first.result(within: .seconds(60)).session.phase == "Succeeded")
                _ = try await cancel.result(within: .seconds(60))
            }
        }

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2))) func aFailedBackupIsTriedAgainAfterItsDelay() async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-late"
                try await engine.use([index]) {
                    try site.declare(.defaultEngine)
                    // Nothing matches: the session fails.
                    try site.declarePlan("nightly", indices: index, retry: ["maxRetry": 2, "delay": "4s"])
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let tap = try await Tap()
                    let failed = try await site.backup("nightly").session
                    #expect(failed.phase == "Failed", "\(failed.json)")
                    try await engine.fill(index, documents: 100, filling: 40)
                    let (first, retry) = (try await tap.published("nightly"), try await tap.published("nightly", number: 2))
                    #expect(first.id.text == failed.id && first.retryLeft == 2 && retry.retryLeft == 1)
                    #expect(retry.requestedAt - first.requestedAt >= .seconds(4))
                    #expect(try await tap.end(of: retry.id).phase == .succeeded)
                    let lines = try await site.sheaf(["sessions", "--output", "json"]).output.map { try JSONValue(parsing: $0) }
                    let line = try #require(lines.first { $0["id"]?.string == failed.id })
                    #expect(line["retried"]?.bool == true && line["nextRetry"]?.string != nil, "\(line)")
                    try await expectNoRetries(site)
                    #expect(tap.sessions.count == 2)
                    await tap.close()
                }
            }
        }

        @Test(.timeLimit(.minutes(2))) func retriesEndWhenNoneIsLeft() async throws {
            try await withPlans([]) { site, tap, _ in
                try site.declarePlan("nightly", indices: "none-such", retry: ["maxRetry": 2])
                try await site.startWorker("one")
                #expect(try await site.backup("nightly").session.phase == "Failed")
                for (number, left) in [(1, 2), (2, 1), (3, 0)] {
                    let command = try await tap.published("nightly", number: number)
                    #expect(command.retryLeft == left)
                    #expect(try await tap.end(of: command.id).phase == .failed)
                }
                try await expectNoRetries(site)
                #expect(tap.sessions.count == 3)
            }
        }

        /// Whatever ends in the ledger as a candidate would be tried again in the next second.
        private func expectNoRetries(_ site: Site) async throws {
            let ledger = try Ledger(path: "\(site.stateFolder(of: Topology.defaultScheduler))/ledger.sqlite")
            let deadline = ContinuousClock.now + .seconds(20)
            while true {
                let sessions = try await ledger.sessions(limit: 10)
                if sessions.allSatisfy(\.phase.isFinal) { break }
                try #require(.now < deadline, "sessions have not ended: \(sessions)")
                await Task.yield()
            }
            #expect(try await ledger.sessionsToRetry().isEmpty)
        }

        /// Plans of one stub cluster, and a Scheduler without workers.
        private func withPlans(_ plans: [String], _ body: (Site, Tap, ChildProcess) async throws -> Void) async throws {
            try await Site.use { site in
                let stub = try await site.startStub(.init(documents: 200))
                try site.declare(.defaultEngine, url: stub.url)
                for plan in plans { try site.declarePlan(plan, indices: "docs-0") }
                let tap = try await Tap()
                let scheduler = try await site.startScheduler()
                try await body(site, tap, scheduler)
                await tap.close()
            }
        }
    }
}

extension Tap {
    /// Backups that were published, in their order.
    fileprivate var sessions: [SessionCommand] { messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self) } }

    /// Plans in the order in which their sessions were published and ended.
    fileprivate var order: [String] {
        messages.elements.compactMap { message in
            if let command = message.event(.backupSession, SessionCommand.self) { return command.invoker.name }
            return message.status.flatMap { $0.source == .final ? "\($0.invoker.name) ends" : nil }
        }
    }

    /// The session of a plan that was published as its first, second…
    fileprivate func published(_ plan: String, number: Int = 1) async throws -> SessionCommand {
        let found = Feed<SessionCommand>()
        let message = try await messages.first("session \(number) of \(plan)", within: .seconds(30)) { message in
            guard let command = message.event(.backupSession, SessionCommand.self), command.invoker.name == plan else {
                return false
            }
            found.append(command)
            return found.elements.count == number
        }
        return try #require(message.event(.backupSession, SessionCommand.self))
    }

    /// What is told of a plan's session that waits.
    fileprivate func waits(_ plan: String) async throws -> StatusEvent {
        let message = try await messages.first("\(plan) to wait", within: .seconds(30)) {
            $0.status.map { $0.phase == .pending && $0.invoker.name == plan } == true
        }
        return try #require(message.status)
    }
}
