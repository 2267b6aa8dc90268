import AMQP
import Bus
import Foundation
import Glibc
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// The process is killed (SIGKILL) at every named step of a backup, a restore and a cancel, and of the Scheduler that starts them.
    ///
    /// Whatever the step, another process goes on: one terminal state, one snapshot, all documents, none twice.
    @Suite(.serialized) struct CrashMatrixTests {
        private static let documents = 240
        private static let units = ["--unit-bytes", "40KiB", "--unit-seconds", "600"]

        /// Steps of a worker in a backup; the second time too where there is one.
        private static let backupSteps = once(
            [
                .putBegin, .putPlan, .putView, .putPart, .putDone, .putOutcome, .putFinal, .plan, .prepare, .openView, .closeView,
                .transfer, .compose, .finish, .publishStart, .publishUnit, .publishFinal, .ackSession, .ackUnit,
            ], again: [.putView, .putPart, .putDone, .openView, .closeView, .transfer, .publishUnit, .ackUnit])
        private static let restoreSteps = once(
            [
                .putBegin, .putPlan, .putPart, .putDone, .putOutcome, .putFinal, .plan, .prepare, .transfer, .compose, .finish,
                .publishStart, .publishUnit, .publishFinal, .ackSession, .ackUnit,
            ], again: [.putPart, .transfer, .publishUnit, .ackUnit])
        private static let cancelSteps = once([.putBegin, .putOutcome, .finish, .putFinal, .publishFinal, .ackCancel])
        /// Of a session that is at work, with a view or an index to be cleared away.
        private static let cancelAtWorkSteps = once([.putOutcome, .finish, .putFinal, .publishFinal, .ackCancel])
        private static let unrecordedSteps = once([.ackUnrecorded])
        private static let schedulerSteps = once(
            [.schedulerPublish, .schedulerRecord, .schedulerReply, .schedulerAck], again: [.schedulerAck])

        private static func once(_ steps: [Failpoint.Step], again: [Failpoint.Step] = []) -> [String] {
            let all = steps.map { ($0, "") } + again.map { ($0, ":2") }
            return all.flatMap { step, count in Failpoint.Moment.allCases.map { "\(Failpoint(step, $0))\(count)" } }
        }

        @Test func everyFailpointIsInTheMatrix() {
            let names =
                (Self.backupSteps + Self.restoreSteps + Self.cancelSteps + Self.schedulerSteps + Self.retrySteps
                + Self.unrecordedSteps)
                .map { String($0.prefix { $0 != ":" }) }
            #expect(Set(names) == Set(Failpoint.all.map(\.description)))
        }

        private static let retrySteps = once([.publishRetry, .ackRetry])

        @Test(.requires(.elasticsearch), .timeLimit(.minutes(20)))
        func aKilledProcessIsSurvivedAtEveryStep() async throws {
            let engine = try Engine(.elasticsearch)
            let start = ContinuousClock.now
            var runs = 0
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: Self.documents, filling: 1_000, shards: 2)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    let matrix = Matrix(
                        site: site, engine: engine, index: index, before: try await engine.observe(index, isNumbered: true),
                        tap: try await Tap())
                    let scheduler = try await site.startScheduler()
                    // Each backup is proved by the restore that follows it.
                    for round in 0..<max(Self.backupSteps.count, Self.restoreSteps.count) {
                        if Self.backupSteps.indices.contains(round) {
                            try await matrix.backup(killedAt: Self.backupSteps[round])
                            runs += 1
                        }
                        try await matrix.restore(killedAt: Self.restoreSteps[round % Self.restoreSteps.count])
                        runs += 1
                    }
                    for step in Self.cancelSteps {
                        try await matrix.cancel(killedAt: step)
                        runs += 1
                    }
                    for step in Self.retrySteps {
                        try await matrix.cancelOfNothing(killedAt: step)
                        runs += 1
                    }
                    for step in Self.unrecordedSteps {
                        try await matrix.unrecorded(killedAt: step)
                        runs += 1
                    }
                    for step in Self.cancelAtWorkSteps {
                        try await matrix.cancelAtWork(.backup, killedAt: step)
                        runs += 1
                    }
                    for step in Self.cancelAtWorkSteps {
                        try await matrix.cancelAtWork(.restore, killedAt: step)
                        runs += 1
                    }
                    // The index is wanted again.
                    try await matrix.restore(killedAt: Self.restoreSteps[0])
                    try await scheduler.kill()
                    for step in Self.schedulerSteps {
                        try await matrix.backup(schedulerKilledAt: step)
                        runs += 1
                    }
                    await matrix.tap.close()
                }
            }
            let steps = Set(Failpoint.all).count
            print("FIGURE crash-matrix: \(steps) steps, \(runs) runs, \((ContinuousClock.now - start).inSeconds.rounded()) s")
            #expect(runs >= 100)
        }

        /// What all runs share.
        private struct Matrix {
            let site: Site
            let engine: Engine
            let index: String
            let before: Engine.Observation
            let tap: Tap

            func backup(killedAt step: String) async throws {
                let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                let session = try await end(of: command, killedAt: step)
                try await checkBackup(session, step)
            }

            func restore(killedAt step: String) async throws {
                try await engine.delete(index)
                let file = try site.restoreFile("back")
                let session = try await end(
                    of: try await site.command(["restore", "-f", file, "--wait", "--output", "json"]), killedAt: step)
                #expect(session.phase == "Succeeded" && session.documents == documents, "\(step): \(session.json)")
                #expect(try await engine.observe(index, isNumbered: true) == before, "\(step): other documents came back")
                checkOneEnd(session.id, step)
            }

            /// The cancel overtakes the session's message, which then finds its end.
            func cancel(killedAt step: String) async throws {
                let connection = try await Broker.open("sheaf-e2e cancel")
                let id = try #require(SessionID("\(site.prefix)-\(step.replacing(".", with: "-").lowercased())"))
                var command = try #require(
                    tap.messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self) }.last)
                command.id = id
                let envelope = Envelope(source: "/outsider", appID: "outsider")
                try await connection.publish(
                    try envelope.message(
                        .cancel, id: "\(id)/cancel", session: id, payload: CancelRequest(session: id, command: command),
                        to: Topology.command, key: RoutingKey.cancel(id), mandatory: true))
                try await startedAndKilled(at: step)
                let heir = try await site.startWorker("heir")
                _ = try await tap.messages.first("\(step): the end of session \(id)", within: .seconds(60)) {
                    $0.status?.session == id && $0.status?.phase.isFinal == true
                }
                try await connection.publish(
                    try envelope.message(
                        .backupSession, id: "\(id)/session", session: id, payload: command, to: Topology.command,
                        key: RoutingKey.session(.backup, plan: command.invoker.name), mandatory: true))
                await connection.close()
                try await Broker.drained()
                let statuses = tap.messages.elements.compactMap(\.status).filter { $0.session == id }
                #expect(
                    statuses.allSatisfy { $0.conditions.map(\.type) == ["Cancelled"] && $0 == statuses[0] },
                    "\(step): \(statuses)")
                #expect(try journal(of: id.text) == ["begin", "final"], "\(step): a cancelled session was planned")
                try await stop(heir)
            }

            /// One worker dies in the midst of the session, and nobody goes on with it; the next dies of the cancel.
            func cancelAtWork(_ kind: SessionKind, killedAt step: String) async throws {
                let request: [String]
                switch kind {
                case .backup: request = ["backup", "nightly"]
                case .restore:
                    if try await engine.exists(index) { try await engine.delete(index) }
                    request = ["restore", "-f", try site.restoreFile("back")]
                }
                let id = try await site.sheaf(request + ["--output", "json"]).session.id
                // One slot: no other unit dies with a view that nobody knows of yet.
                try await startedAndKilled(at: "\(Failpoint(.putPart, .after))", ["--slots", "1"])
                let connection = try await Broker.open("sheaf-e2e cancel")
                for queue in kind == .backup ? [WorkQueue.backupSession, .backupUnit] : [.restoreSession, .restoreUnit] {
                    try await Broker.wait(forConsumersOf: queue.name, toBe: 0, on: connection)
                    try await connection.purgeQueue(queue.name)
                }
                await connection.close()
                if kind == .restore { try #require(try await engine.exists(index), "\(step): there is no index to be dropped") }
                let cancel = try await site.command(["cancel", id, "--output", "json"])
                try await startedAndKilled(at: step)
                let heir = try await site.startWorker("heir", CrashMatrixTests.units)
                let result = try await cancel.result(within: .seconds(60))
                #expect(result.exit == .code(0), "\(step): \(result)")
                #expect(try result.session.conditions == ["Cancelled"], "\(step): \(result)")
                try await Broker.drained()
                try await stop(heir)
                checkOneEnd(id, step)
                switch kind {
                case .backup: #expect(try await engine.openContexts(index) == 0, "\(step): a point in time was left open")
                case .restore: #expect(try await engine.exists(index) == false, "\(step): half an index was left")
                }
            }

            /// The session's repository is none of this worker's: nothing can be recorded.
            func unrecorded(killedAt step: String) async throws {
                let connection = try await Broker.open("sheaf-e2e unrecorded")
                let id = try #require(SessionID("\(site.prefix)-\(step.replacing(".", with: "-").lowercased())"))
                var command = try #require(
                    tap.messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self) }.last)
                command.id = id
                command.repository.metadata.name = "elsewhere"
                try await connection.publish(
                    try Envelope(source: "/outsider", appID: "outsider").message(
                        .backupSession, id: "\(id)/session", session: id, payload: command, to: Topology.command,
                        key: RoutingKey.session(.backup, plan: command.invoker.name), mandatory: true))
                await connection.close()
                try await startedAndKilled(at: step)
                let heir = try await site.startWorker("heir")
                let end = try await tap.end(of: id)
                #expect(end.conditions.map(\.type) == ["Unrecorded"], "\(step): \(end)")
                try await Broker.drained()
                try await stop(heir)
            }

            /// A session that no worker knows is looked for on the others.
            func cancelOfNothing(killedAt step: String) async throws {
                let command = try await site.command(["cancel", "\(site.prefix)-nothing", "--output", "json"])
                try await startedAndKilled(at: step)
                let heir = try await site.startWorker("heir")
                let result = try await command.result(within: .seconds(60))
                #expect(result.exit == .code(4), "\(step): \(result)")
                try await Broker.drained()
                try await stop(heir)
            }

            func backup(schedulerKilledAt step: String) async throws {
                let worker = try await site.startWorker("steady", CrashMatrixTests.units)
                let victim = try await site.startScheduler(failpoint: step)
                let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                #expect(try await victim.exit(within: .seconds(60)) == .signal(SIGKILL), "\(step) was not reached")
                let heir = try await site.startScheduler()
                let session = try await command.result(within: .seconds(60)).session
                try await checkBackup(session, step)
                try await stop(worker)
                try await stop(heir)
            }

            /// Runs a session with one worker that is killed, then another.
            private func end(of command: RunningCommand, killedAt step: String) async throws -> SessionLine {
                try await startedAndKilled(at: step)
                let heir = try await site.startWorker("heir", CrashMatrixTests.units)
                let session = try await command.result(within: .seconds(60)).session
                try await Broker.drained()
                try await stop(heir)
                return session
            }

            private func startedAndKilled(at step: String, _ arguments: [String] = []) async throws {
                let victim = try await site.startWorker("victim", CrashMatrixTests.units + arguments, failpoint: step)
                #expect(try await victim.exit(within: .seconds(60)) == .signal(SIGKILL), "\(step) was not reached")
            }

            /// Lets it settle what it has in hand, which would otherwise come again in the next run.
            private func stop(_ process: ChildProcess) async throws {
                process.send(signal: SIGTERM)
                #expect(try await process.exit(within: .seconds(30)) == .code(0))
            }

            private func checkBackup(_ session: SessionLine, _ step: String) async throws {
                #expect(session.phase == "Succeeded" && session.documents == documents, "\(step): \(session.json)")
                let snapshots = try FileManager.default.contentsOfDirectory(atPath: site.repository + "/outcomes")
                #expect(snapshots.filter { $0.hasSuffix(session.id) }.count == 1, "\(step)")
                checkOneEnd(session.id, step)
            }

            private var documents: Int { CrashMatrixTests.documents }

            /// Final events may be repeated, and are the same then.
            private func checkOneEnd(_ session: String, _ step: String) {
                let finals = tap.messages.elements.compactMap(\.status).filter { $0.session.text == session && $0.phase.isFinal }
                #expect(!finals.isEmpty && finals.allSatisfy { $0 == finals[0] }, "\(step): \(finals)")
            }

            private func journal(of session: String) throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: "\(site.repository)/sessions/\(session)").sorted()
            }
        }
    }
}
