import AMQP
import Bus
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// What large sessions leave to others: messages, points in time and workers' slots.
    @Suite struct FairnessTests {
        private static let window = 16

        /// The session never has more than its window of slices at work, and a small one behind it waits for no more than that.
        @Test(.timeLimit(.minutes(3))) func tenThousandShardsLeaveRoomForASmallSession() async throws {
            try await Site.use { site in
                let large = try await site.startStub(.init(indices: 10, shards: 1000, documents: 1, bytes: 50))
                let small = try await site.startStub(.init(targets: 2, documents: 1))
                try site.declare(small)
                try site.declare(large)
                let tap = try await Tap()
                let connection = try await Broker.open("sheaf-e2e fairness")
                try await site.startWorker("one", ["--slots", "2", "--window", "\(Self.window)"])

                let (big, behind) = (
                    try #require(SessionID("\(site.prefix)-big")), try #require(SessionID("\(site.prefix)-small"))
                )
                try await connection.publish(try site.backupCommand(big, of: large).message())
                try await stored(200, of: big, tap)
                try await connection.publish(try site.backupCommand(behind, of: small, target: 1).message())
                _ = try await tap.messages.first("the end of the small session", within: .seconds(60)) {
                    $0.status?.session == behind && $0.status?.phase == .succeeded
                }
                // Looks at the queue while it is at work; what is ready and what is in hand are the session's messages.
                var most = 0
                let before = tap.storedParts.count
                while tap.storedParts.count < before + 300 {
                    most = max(most, try await connection.declareQueue(WorkQueue.backupUnit.name, passive: true).messages)
                    await Task.yield()
                }
                #expect(most > 0 && most <= Self.window, "\(most) messages of one session waited at once")
                let counts = try await large.counts()
                #expect(counts.mostViewsOpen > 1 && counts.mostViewsOpen <= Self.window, "\(counts.mostViewsOpen) points in time")

                // What was stored of the large one between the small one's first unit and its part: at most what stood before it.
                let messages = tap.messages.elements
                let from = try #require(messages.firstIndex { $0.event(.unit, UnitCommand.self)?.session.id == behind })
                let to = try #require(messages.firstIndex { $0.progress?.session == behind && $0.progress?.state == .stored })
                let waited = messages[from..<to].compactMap(\.progress).filter { $0.session == big && $0.state == .stored }.count
                #expect(waited <= 2 * Self.window, "the small session's unit waited for \(waited) others")

                // It is ended at once, though thousands of its slices were never begun, and no view of it is left.
                try await connection.publish(
                    try Envelope(source: "/outsider", appID: "outsider").message(
                        .cancel, id: "\(big)/cancel", session: big, payload: CancelRequest(session: big), to: Topology.command,
                        key: RoutingKey.cancel(big), mandatory: true))
                let end = try await tap.messages.first("the end of the large session", within: .seconds(60)) {
                    $0.status?.session == big && $0.status?.phase.isFinal == true
                }
                #expect(end.status?.conditions.last?.type == "Cancelled")
                try await Broker.drained()
                #expect(try await large.counts().viewsOpen == 0)
                await connection.close()
                await tap.close()
            }
        }

        /// All slots for backups are taken by a backup that lasts; a restore does not wait for it.
        @Test(.timeLimit(.minutes(2))) func aRestoreDoesNotWaitForABackup() async throws {
            try await Site.use { site in
                let stub = try await site.startStub(
                    .init(targets: 2, shards: 40, documents: 30, bytes: 50, pageLimit: 1, latency: 0.02))
                try site.declare(stub)
                let tap = try await Tap()
                let connection = try await Broker.open("sheaf-e2e fairness")
                try await site.startWorker("quick", ["--slots", "16"])
                let first = try #require(SessionID("\(site.prefix)-first"))
                try await connection.publish(try site.backupCommand(first, of: stub, target: 1).message())
                _ = try await tap.messages.first("the first backup's end", within: .seconds(60)) {
                    $0.status?.session == first && $0.status?.phase == .succeeded
                }
                #expect(try await stub.send("DELETE", "/t1/docs-0").status == 200)

                let (long, restore) = (
                    try #require(SessionID("\(site.prefix)-long")), try #require(SessionID("\(site.prefix)-back"))
                )
                try await connection.publish(try site.backupCommand(long, of: stub, target: 0).message())
                try await stored(1, of: long, tap)
                try await connection.publish(try site.restoreCommand(restore, of: stub, target: 1).message())
                let end = try await tap.messages.first("an end", within: .seconds(60)) {
                    [long, restore].contains($0.status?.session) && $0.status?.phase.isFinal == true
                }
                #expect(end.status?.session == restore && end.status?.phase == .succeeded, "\(String(describing: end.status))")
                await connection.close()
                await tap.close()
            }
        }

        private func stored(_ count: Int, of session: SessionID, _ tap: Tap) async throws {
            let counted = Lock(0)
            _ = try await tap.messages.first("\(count) parts of session \(session)", within: .seconds(120)) { message in
                guard let progress = message.progress, progress.session == session, progress.state == .stored else {
                    return false
                }
                return counted.withLock {
                    $0 += 1
                    return $0 == count
                }
            }
        }
    }
}
