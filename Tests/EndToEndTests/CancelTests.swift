import AMQP
import Bus
import Foundation
import Glibc
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Sessions that are ended before they are done: by a cancel, by their deadline, with and without a Scheduler.
    @Suite struct CancelTests {
        /// Small units and many of them, so that a session is caught at work.
        private static let documents = 12_000
        private static let units = ["--unit-bytes", "10KiB", "--unit-seconds", "600", "--slots", "1"]

        /// The broker soon notices that a worker is stopped, and gives what it sent there to others, a cancel too.
        private static func quickly() throws -> [String] { units + ["--amqp-url", try Broker.url() + "?heartbeat=2"] }

        /// One worker has a session in hand and is stopped by the kernel; another is to end the session.
        private struct Caught {
            let site: Site
            let engine: Engine
            let index: String
            let tap: Tap
            let session: SessionID
            let holder: ChildProcess
            let waiting: RunningCommand

            /// Lets the holder go on, and checks that it adds nothing to a session that is over.
            func checkThatTheHolderStops() async throws {
                holder.send(signal: SIGCONT)
                holder.send(signal: SIGTERM)
                #expect(try await holder.exit(within: .seconds(60)) == .code(0))
                let entries = try FileManager.default.subpathsOfDirectory(atPath: "\(site.repository)/sessions/\(session)")
                let parts = entries.filter { $0.hasPrefix("part/") && !$0.hasSuffix("part") }.count
                let reported = tap.storedParts.filter { $0.session == session }.count
                // The part that was in hand may have been stored before the outcome stood.
                #expect(parts <= reported + 1 && !entries.contains("done"), "\(parts) parts, \(reported) of them reported")
                if engine.server.isReal { #expect(try await engine.openContexts(index) == 0, "a point in time was left open") }
            }
        }

        private static func catchBackup(
            _ server: TestServer, timeOut: String? = nil, _ body: (Caught, _ scheduler: ChildProcess) async throws -> Void
        ) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: documents, filling: 1_500)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index, timeOut: timeOut)
                    let scheduler = try await site.startScheduler()
                    let tap = try await Tap()
                    let holder = try await site.startWorker("holder", try quickly())
                    let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                    let part = try await tap.messages.first("a part", within: .seconds(60)) {
                        $0.progress?.state == .stored
                    }
                    holder.send(signal: SIGSTOP)
                    let session = try #require(part.progress?.session)
                    let caught = Caught(
                        site: site, engine: engine, index: index, tap: tap, session: session, holder: holder, waiting: command)
                    try await body(caught, scheduler)
                    await tap.close()
                }
            }
        }

        enum Asker: CaseIterable {
            case withAScheduler
            /// The Scheduler is dead: only the session's id is known, and workers find its journal.
            case withoutAScheduler
        }

        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2)), arguments: Asker.allCases)
        func aSessionAtWorkIsCancelled(_ asker: Asker) async throws {
            try await Self.catchBackup(.elasticsearch) { caught, scheduler in
                if asker == .withoutAScheduler { try await scheduler.kill() }
                try await caught.site.startWorker("other", Self.units)
                let result = try await caught.site.sheaf(
                    ["cancel", caught.session.text, "--reason", "the wrong index", "--output", "json"])
                #expect(result.exit == .code(0), "\(result)")
                let session = try result.session
                #expect(session.phase == "Failed" && session.error == "the wrong index", "\(session.json)")
                #expect(session.conditions == ["Cancelled"], "\(session.json)")
                #expect(session.snapshot == nil)
                #expect(try await caught.waiting.result(within: .seconds(20)).exit == .code(1))

                if asker == .withoutAScheduler { try await caught.site.startScheduler() }
                try await caught.checkThatTheHolderStops()
                // Once more changes nothing and says the same.
                let again = try await caught.site.sheaf(["cancel", caught.session.text, "--output", "json"])
                #expect(again.exit == .code(0), "\(again)")
                #expect(try await caught.site.snapshots().isEmpty)
            }
        }

        /// Nobody cancels; a worker that takes the session's next unit finds the deadline passed, without any Scheduler.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2)))
        func aSessionPastItsTimeOutEndsWithoutAScheduler() async throws {
            try await Self.catchBackup(.elasticsearch, timeOut: "1s") { caught, scheduler in
                try await scheduler.kill()
                // What the stopped worker holds comes back when the broker notices; here it is killed.
                try await caught.holder.kill()
                try await caught.site.startWorker("other", Self.units)
                let end = try await caught.tap.messages.first("the session's end", within: .seconds(60)) {
                    $0.status?.session == caught.session && $0.status?.phase.isFinal == true
                }
                let status = try #require(end.status)
                #expect(status.phase == .failed && status.conditions.last?.type == "DeadlineExceeded", "\(status)")
                #expect(status.error?.contains("its timeOut") == true, "\(status)")
                #expect(try await caught.engine.openContexts(caught.index) == 0, "a point in time was left open")
            }
        }

        /// The session's message still waits in its queue: what the Scheduler knows of it is enough to end it.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2)))
        func aSessionThatNobodyHasBegunIsCancelled() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 10, filling: 10)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    let started = try await site.sheaf(["backup", "nightly", "--output", "json"])
                    let id = try started.session.id
                    let cancel = try await site.command(["cancel", id, "--output", "json"])
                    let connection = try await Broker.open()
                    // The cancel waits for any worker, and behind it what the Scheduler knows of the session.
                    for queue in [WorkQueue.cancel, .abort] { try await Broker.wait(for: queue, toHold: 1, on: connection) }
                    try await connection.purgeQueue(WorkQueue.backupSession.name)
                    await connection.close()
                    try await site.startWorker("one")
                    let result = try await cancel.result(within: .seconds(30))
                    #expect(result.exit == .code(0), "\(result)")
                    #expect(try result.session.conditions == ["Cancelled"])
                    #expect(try await site.snapshots().isEmpty)
                }
            }
        }

        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2)))
        func aCancelledRestoreTakesItsIndexWithIt() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: Self.documents, filling: 1_500)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    let maker = try await site.startWorker("maker")
                    try #require(try await site.backup("nightly").session.phase == "Succeeded")
                    try await engine.delete(index)
                    try await maker.kill()

                    let tap = try await Tap()
                    let holder = try await site.startWorker("holder", try Self.quickly())
                    // However fast the machine, it is at work when the cancel comes.
                    let file = try site.restoreFile("back", parameters: ["maxBytesPerSecond": "1MiB"])
                    let restore = try await site.command(["restore", "-f", file, "--wait", "--output", "json"])
                    let part = try await tap.messages.first("a part", within: .seconds(60)) { $0.progress?.state == .stored }
                    holder.send(signal: SIGSTOP)
                    try await site.startWorker("other", Self.units)
                    let session = try #require(part.progress?.session)
                    let result = try await site.sheaf(["cancel", session.text, "--output", "json"])
                    #expect(result.exit == .code(0), "\(result)")
                    #expect(try await engine.exists(index) == false, "the half of an index is left")
                    #expect(try await restore.result(within: .seconds(20)).session.conditions == ["Cancelled"])
                    holder.send(signal: SIGCONT)
                    holder.send(signal: SIGTERM)
                    #expect(try await holder.exit(within: .seconds(60)) == .code(0))
                    #expect(try await engine.exists(index) == false, "a worker that woke wrote into the target")
                    await tap.close()
                }
            }
        }

        /// A message that kills every worker that takes it is given up in the end, and its session with it.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2)))
        func aSessionWhoseUnitKillsWorkersIsAborted() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 10, filling: 10)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                    for number in 1...10 {
                        let victim = try await site.startWorker(
                            "victim\(number)", failpoint: "\(Failpoint(.transfer, .before))")
                        #expect(try await victim.exit(within: .seconds(30)) == .signal(SIGKILL))
                    }
                    try await site.startWorker("heir")
                    let session = try await command.result(within: .seconds(30)).session
                    #expect(
                        session.conditions == ["BackupFailed"] && session.error.contains("again and again"), "\(session.json)")
                    #expect(try await engine.openContexts(index) == 0)
                }
            }
        }

        /// A slot that no worker was there for is not made up for after the next one.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(1)))
        func aSessionThatNobodyBeganInTimeExpires() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 10, filling: 10)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let tap = try await Tap()
                    try #require(try await site.backup("nightly").session.phase == "Succeeded")
                    var command = try #require(
                        tap.messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self) }.first)
                    command.id = try #require(SessionID("\(site.prefix)-late"))
                    command.notAfter = .now() + .seconds(-1)
                    let id = command.id
                    let connection = try await Broker.open()
                    try await connection.publish(
                        try Envelope(source: "/outsider", appID: "outsider").message(
                            .backupSession, id: "\(id)/session", session: id, payload: command, to: Topology.command,
                            key: RoutingKey.session(.backup, plan: "nightly"), mandatory: true))
                    await connection.close()
                    let end = try await tap.messages.first("the end of the late session", within: .seconds(20)) {
                        $0.status?.session == id && $0.status?.phase.isFinal == true
                    }
                    #expect(end.status?.conditions.map(\.type) == ["Expired"], "\(end)")
                    #expect(try await site.snapshots().count == 1)
                    await tap.close()
                }
            }
        }

        @Test(.requires(.elasticsearch), .timeLimit(.minutes(1)))
        func whatIsOverOrUnknownCannotBeCancelled() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 10, filling: 10)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let done = try await site.backup("nightly").session
                    let late = try await site.sheaf(["cancel", done.id])
                    #expect(late.exit == .code(5) && late.errors.joined().contains("Succeeded"), "\(late)")
                    #expect(try await site.snapshots().count == 1)
                    let unknown = try await site.sheaf(["cancel", "no-such-session"])
                    #expect(unknown.exit == .code(4) && unknown.errors.joined().contains("no-such-session"), "\(unknown)")
                    let wrong = try await site.sheaf(["cancel", "Not An Id"])
                    #expect(wrong.exit == .code(2), "\(wrong)")
                }
            }
        }
    }
}
