import AMQP
import Bus
import Foundation
import Glibc
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Cancels whose session's journal is hard to reach, and who hears of the end.
    @Suite struct CancelReachTests {
        private static let units = ["--unit-bytes", "10KiB", "--unit-seconds", "600", "--slots", "1"]

        /// "Not found" would be taken for an answer, and the session go on.
        @Test(.requiresBroker, .timeLimit(.minutes(1)))
        func whatCannotBeLookedIntoIsNotSaidToBeUnknown() async throws {
            try await Site.use { site in
                // Nobody listens there.
                try site.declare(.elasticsearch, url: "http://127.0.0.1:1")
                try await site.startWorker("one")
                let result = try await site.sheaf(["cancel", "\(site.prefix)-somewhere"])
                let errors = result.errors.joined(separator: "\n")
                #expect(result.exit == .code(6) && errors.contains("could not look everywhere"), "\(result)")
                #expect(errors.contains("AppBinding") && errors.contains("127.0.0.1:1"), "\(result)")
            }
        }

        /// The journal of a restore is in its cluster, which comes back after more tries than a session that nobody knows is given.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2)))
        func aRestoreIsCancelledOnceItsClusterAnswersAgain() async throws {
            let engine = try Engine(.elasticsearch)
            let port = try #require(URL(string: try TestServer.elasticsearch.url())?.port)
            let proxy = try FaultProxy(to: port)
            defer { proxy.close() }
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 12_000, filling: 1_500)
                    try site.declare(.elasticsearch, url: "http://127.0.0.1:\(proxy.port)")
                    try site.declarePlan("nightly", indices: index)
                    let scheduler = try await site.startScheduler()
                    let maker = try await site.startWorker("maker")
                    try #require(try await site.backup("nightly").session.phase == "Succeeded")
                    try await engine.delete(index)
                    try await maker.kill()

                    let tap = try await Tap()
                    let holder = try await site.startWorker("holder", Self.units)
                    let file = try site.restoreFile("back")
                    _ = try await site.sheaf(["restore", "-f", file])
                    let part = try await tap.messages.first("a part", within: .seconds(60)) { $0.progress?.state == .stored }
                    let session = try #require(part.progress?.session)
                    try await scheduler.kill()
                    try await holder.kill()
                    proxy.order(.refuse(.seconds(8)))
                    proxy.order(.cutAll(.reset))
                    try await site.startWorker("other", Self.units, attempts: 40)
                    let result = try await site.sheaf(["cancel", session.text, "--output", "json"])
                    #expect(result.exit == .code(0), "\(result)")
                    #expect(try result.session.conditions == ["Cancelled"], "\(result)")
                    #expect(try await engine.exists(index) == false, "the half of an index is left")
                    await tap.close()
                }
            }
        }

        /// The session was asked for by one system and is cancelled by another: both are told.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(1)))
        func theAskerHearsOfACancelThatSomebodyElseSent() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 10, filling: 10)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    let scheduler = try await site.startScheduler()
                    let tap = try await Tap()
                    let maker = try await site.startWorker("maker")
                    try #require(try await site.backup("nightly").session.phase == "Succeeded")
                    try await maker.kill()
                    try await scheduler.kill()
                    var command = try #require(
                        tap.messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self) }.first)
                    command.id = try #require(SessionID("\(site.prefix)-asked"))
                    command.notAfter = nil
                    let id = command.id

                    let asker = try await OutsideSystem("asker")
                    let connection = try await Broker.open()
                    try await connection.publish(
                        try Envelope(source: "/asker", appID: "asker").message(
                            .backupSession, id: "\(id)/session", session: id, payload: command, to: Topology.command,
                            key: RoutingKey.session(.backup, plan: "nightly"), mandatory: true, replyTo: asker.queue))
                    let victim = try await site.startWorker("victim", failpoint: "\(Failpoint(.putPlan, .after))")
                    #expect(try await victim.exit(within: .seconds(30)) == .signal(SIGKILL))
                    // Whatever carries the asker's address is gone.
                    try await Broker.wait(for: .backupSession, toHold: 1, on: connection)
                    try await connection.purgeQueue(WorkQueue.backupSession.name)
                    await connection.close()

                    try await site.startWorker("heir")
                    let cancel = try await site.sheaf(["cancel", id.text, "--reason", "enough"])
                    #expect(cancel.exit == .code(0), "\(cancel)")
                    let told = try await asker.answers.first("the end", within: .seconds(20)) { $0.status?.phase.isFinal == true }
                    #expect(told.status?.session == id && told.status?.conditions.last?.type == "Cancelled", "\(told)")
                    await asker.close()
                    await tap.close()
                }
            }
        }
    }
}
