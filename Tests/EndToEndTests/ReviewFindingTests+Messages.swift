import AMQP
import Bus
import Foundation
import Glibc
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd.ReviewFindingTests {
    // MARK: - Commands of outsiders

    enum Forgery: CaseIterable {
        /// The worker's AppBinding with the address of another server.
        case anotherAddress
        /// An AppBinding that the worker does not have.
        case anUnknownName
    }

    /// Whoever can publish must not have a snapshot's documents sent to a server of theirs.
    @Test(
        .requires(.defaultEngine), .requires(.elasticsearch), .timeLimit(.minutes(2)), arguments: Forgery.allCases)
    func aCommandWithAnAppBindingThatIsNotTheWorkersIsRefused(_ forgery: Forgery) async throws {
        let (own, foreign) = (try Engine(.defaultEngine), try Engine(.elasticsearch))
        try await Site.use { site in
            let index = "\(site.prefix)-secret"
            try await own.use([index]) {
                try await foreign.use([index]) {
                    try await own.fill(index, documents: 50, filling: 40)
                    try site.declare(.defaultEngine)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let tap = try await Tap()
                    try #require(try await site.backup("nightly").session.phase == "Succeeded")
                    try await own.delete(index)
                    try #require(try await site.restore(try site.restoreFile("back")).session.phase == "Succeeded")
                    try await own.delete(index)

                    // The Scheduler's own command, which just succeeded, but for its target.
                    let genuine = try await tap.messages.first("the restore's command", within: .seconds(10)) {
                        $0.exchange == Topology.command && $0.event(.restoreSession, SessionCommand.self) != nil
                    }
                    var command = try #require(genuine.event(.restoreSession, SessionCommand.self))
                    command.id = try #require(SessionID("\(site.prefix)-forged"))
                    command.target.spec.clientConfig.url = foreign.url
                    if forgery == .anUnknownName { command.target.metadata.name = "\(site.prefix)-unknown" }
                    let id = command.id
                    let connection = try await Broker.open("sheaf-e2e outsider")
                    try await connection.publish(
                        try Envelope(source: "/outsider", appID: "outsider").message(
                            .restoreSession, id: "\(id)/command", session: id, payload: command, to: Topology.command,
                            key: genuine.key, mandatory: true))
                    let end = try await tap.messages.first("the end of the forged session", within: .seconds(60)) {
                        $0.status?.session == id && $0.status?.phase.isFinal == true
                    }
                    let status = try #require(end.status)
                    #expect(status.phase == .failed, "\(status)")
                    let reason = forgery == .anotherAddress ? foreign.url : "is not among this worker's resources"
                    #expect(status.error?.contains(reason) == true, "\(status)")
                    #expect(status.error?.contains(command.target.metadata.name) == true, "\(status)")
                    #expect(try await !foreign.exists(index))
                    let journal = try await foreign.send("GET", "/.sheaf/_doc/\("\(id)/begin".percentEncoded)")
                    #expect(journal.status == 404, "the session began on the other server")
                    #expect(try await !own.exists(index))
                    await connection.close()
                    await tap.close()
                }
            }
        }
    }

    // MARK: - Folders and messages that go astray

    @Test(.requires(TestServer.two), .timeLimit(.minutes(2)), arguments: TestServer.present(TestServer.two))
    func aRepositoryThatWentAwayIsNotWrittenBeneath(_ server: TestServer) async throws {
        try await withBackup(of: server, attempts: 20) { site, worker, tap, command in
            // With its only message in our hands the session stands still, and no unit is in the middle of a write.
            let (connection, _) = try await takeUnit()
            let aside = site.folder + "/aside"
            try FileManager.default.moveItem(atPath: site.repository, toPath: aside)
            try FileManager.default.createDirectory(atPath: site.repository, withIntermediateDirectories: false)
            // Events follow what they tell of, however late: the parts in the folder that went away are all there may be.
            let parts = try FileManager.default.subpathsOfDirectory(atPath: aside)
                .count { $0.contains("/part/") && $0.contains("-") }
            await connection.close()
            let refusals = Lock(0)
            _ = try await worker.log.first("the worker to refuse the empty folder twice", within: .seconds(30)) { line in
                guard line.contains("tried again") else { return false }
                return refusals.withLock { count in
                    count += 1
                    return count == 2
                }
            }
            #expect(tap.storedParts.count <= parts)
            #expect(try FileManager.default.contentsOfDirectory(atPath: site.repository) == [])
            // Only an empty folder can be removed so.
            try #require(rmdir(site.repository) == 0, "\(site.repository): \(String(cString: strerror(errno)))")
            try FileManager.default.moveItem(atPath: aside, toPath: site.repository)

            let session = try await command.result(within: .seconds(60)).session
            #expect(session.phase == "Succeeded" && session.documents == Self.documents, "\(session.json)")
        }
    }

    enum DeadLetter: CaseIterable {
        /// Its part is missing: nobody goes on, so the session is to be ended.
        case aUnitNotDone
        /// Its worker died after the part was stored and before the next unit was asked for: the session is to go on.
        case aUnitDone
    }

    /// The dead letter is all that is left of the session's messages.
    @Test(.requires(TestServer.two), .timeLimit(.minutes(2)), arguments: TestServer.present(TestServer.two), DeadLetter.allCases)
    func aDeadUnitNeverLeavesItsSessionHanging(_ server: TestServer, _ letter: DeadLetter) async throws {
        try await withBackup(of: server) { site, _, tap, command in
            let (connection, delivery) = try await takeUnit()
            #expect(delivery.routingKey == RoutingKey.unit(.backup, plan: "nightly"))
            switch letter {
            case .aUnitNotDone: try await delivery.reject(requeue: false)
            case .aUnitDone:
                let number = try delivery.event(UnitCommand.self, types: [.unit]).data.position.number
                let done = try await tap.messages.first("the unit before number \(number)", within: .seconds(10)) {
                    $0.exchange == Topology.command && $0.event(.unit, UnitCommand.self)?.position.number == number - 1
                }
                try await delivery.ack()
                try await connection.publish(
                    OutgoingMessage(
                        exchange: Topology.dead, routingKey: done.key, properties: done.properties, body: done.body,
                        mandatory: true))
            }
            await connection.close()

            let session = try await command.result(within: .seconds(60)).session
            switch letter {
            case .aUnitNotDone: #expect(session.phase == "Failed" && !session.error.isEmpty, "\(session.json)")
            case .aUnitDone: #expect(session.phase == "Succeeded" && session.documents == Self.documents, "\(session.json)")
            }
            // What is answered now was asked after all that the dead letter began.
            #expect(try await site.snapshots().count == (session.phase == "Succeeded" ? 1 : 0))
            let ends = tap.messages.elements.compactMap(\.status).filter { $0.session.text == session.id && $0.phase.isFinal }
            #expect(Set(ends.map(\.phase.rawValue)) == [session.phase], "\(ends)")
        }
    }

    /// Starts a backup of one index by one worker with one slot; the body begins after its first part.
    private func withBackup(
        of server: TestServer, attempts: Int = 2,
        _ body: (Site, _ worker: ChildProcess, Tap, RunningCommand) async throws -> Void
    ) async throws {
        let engine = try Engine(server)
        try await Site.use { site in
            let index = "\(site.prefix)-numbered"
            try await engine.use([index]) {
                try await engine.fill(index, documents: Self.documents, filling: 1_500)
                try site.declare(server)
                try site.declarePlan("nightly", indices: index)
                try await site.startScheduler()
                let worker = try await site.startWorker("one", ["--slots", "1", "--unit-bytes", "100KiB"], attempts: attempts)
                let tap = try await Tap()
                let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                _ = try await tap.messages.first("a part", within: .seconds(60)) { $0.progress?.state == .stored }
                try await body(site, worker, tap, command)
                await tap.close()
            }
        }
    }

    /// The next unit of a session with one slice: it comes to us since the only worker still holds the unit before.
    ///
    /// - Returns: the connection too; what was not settled goes back to the queue when it is closed.
    private func takeUnit() async throws -> (BrokerConnection, Delivery) {
        let connection = try await Broker.open("sheaf-e2e thief")
        for try await delivery in try await connection.consume(queue: WorkQueue.backupUnit.name, prefetch: 1, priority: 10) {
            return (connection, delivery)
        }
        throw Missed(what: "a unit", after: nil)
    }
}
