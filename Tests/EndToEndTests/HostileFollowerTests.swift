import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// What somebody may do who may bind queues to `sheaf.event` and write to `sheaf.trigger`, and what must not come of it.
    @Suite struct HostileFollowerTests {
        private static func use(_ body: (Site, BrokerConnection) async throws -> Void) async throws {
            try await Site.use { site in
                let stub = try await site.startStub(.init(documents: 20))
                try site.declare(.defaultEngine, url: stub.url)
                try site.declarePlan("nightly", indices: "docs-0")
                try await site.startScheduler()
                try await site.startWorker("one")
                let connection = try await Broker.open("sheaf-e2e follower")
                try await body(site, connection)
                await connection.close()
            }
        }

        /// A queue that refuses what is published to it, and with it the publisher.
        private func fullQueue(_ connection: BrokerConnection) async throws -> String {
            try await connection.declareQueue(
                "", durable: false, exclusive: true, arguments: ["x-max-length": 0, "x-overflow": "reject-publish"]
            ).name
        }

        @Test(.timeLimit(.minutes(2))) func aFollowersFullQueueHoldsNoSessionUp() async throws {
            try await Self.use { site, connection in
                try await connection.bindQueue(try await fullQueue(connection), to: Topology.event, routingKey: "#")
                for _ in 0..<2 {
                    let session = try await site.backup("nightly").session
                    #expect(session.phase == "Succeeded" && session.documents == 20, "\(session.json)")
                }
                try await Broker.drained()
            }
        }

        @Test(.timeLimit(.minutes(2))) func anAskersFullQueueHoldsNobodyUp() async throws {
            try await Self.use { site, connection in
                let full = try await fullQueue(connection)
                let envelope = Envelope(source: "/outsider", appID: "outsider")
                let query = Query.sessions(limit: 1)
                for number in 0..<3 {
                    try await connection.publish(
                        try envelope.message(
                            .query, id: "q\(number)", session: nil, payload: query, to: Topology.trigger, key: query.routingKey,
                            mandatory: true, replyTo: full))
                }
                let nothing = try #require(SessionID("\(site.prefix)-nothing"))
                try await connection.publish(
                    try envelope.message(
                        .cancel, id: "c", session: nil, payload: CancelRequest(session: nothing), to: Topology.trigger,
                        key: RoutingKey.triggerCancel(nothing), mandatory: true, replyTo: full))
                let session = try await site.backup("nightly").session
                #expect(session.phase == "Succeeded", "\(session.json)")
                #expect(try await site.sheaf(["sessions"]).exit == .code(0))
                try await Broker.drained()
            }
        }

        /// The key of a cancel leads to the workers; what is no cancel stays without effect.
        @Test(.timeLimit(.minutes(1))) func aSessionUnderTheKeyOfACancelIsADeadLetter() async throws {
            try await Self.use { site, connection in
                let tap = try await Tap()
                try #require(try await site.backup("nightly").session.phase == "Succeeded")
                var command = try #require(
                    tap.messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self) }.first)
                command.id = try #require(SessionID("\(site.prefix)-forged"))
                let id = command.id
                let unit = UnitCommand(
                    session: command, repositoryID: try #require(RepositoryID("0123456789abcdef0123456789abcdef")),
                    position: UnitPosition(slice: 0, epoch: 0, number: 0))
                let envelope = Envelope(source: "/outsider", appID: "outsider")
                for message in [
                    try envelope.message(
                        .backupSession, id: "s", session: id, payload: command, to: Topology.trigger,
                        key: RoutingKey.triggerCancel(id), mandatory: true),
                    try envelope.message(
                        .unit, id: "u", session: id, payload: unit, to: Topology.trigger, key: RoutingKey.triggerCancel(id),
                        mandatory: true),
                ] { try await connection.publish(message) }
                // One from the worker and one from the Scheduler, for each.
                try await Broker.wait(forQueue: Topology.dead, toHold: 4, on: connection)
                #expect(!FileManager.default.fileExists(atPath: "\(site.repository)/sessions/\(id)"))
                #expect(tap.messages.elements.allSatisfy { $0.status?.session != id })
                await tap.close()
            }
        }

        /// Its units would be too large to be read.
        @Test(.timeLimit(.minutes(1))) func aSessionTooLargeForItsUnitsIsRefusedAtOnce() async throws {
            try await Self.use { site, connection in
                let text = String(repeating: "x", count: PoisonError.maximumSession)
                let file = try site.restoreFile("back", indices: text)
                let result = try await site.sheaf(["restore", "-f", file])
                #expect(result.exit == .code(2) && result.errors.joined().contains("at most"), "\(result.exit)")
            }
        }
    }
}
