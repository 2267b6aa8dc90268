import AMQP
import Bus
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// The same request, the same message, more than once.
    @Suite struct DeliveryTests {
        @Test(.requires(TestServer.two), .timeLimit(.minutes(3)), arguments: TestServer.present(TestServer.two))
        func theSameKeyIsTheSameSession(_ server: TestServer) async throws {
            try await withBackup(of: server) { site, _ in
                let first = try await site.backup("nightly", ["--idempotency-key", "k1"]).session
                let again = try await site.backup("nightly", ["--idempotency-key", "k1"]).session
                #expect(first.phase == "Succeeded" && again.phase == "Succeeded")
                #expect(first.id == again.id && first.snapshot == again.snapshot && first.snapshot != nil)
                #expect(try await site.snapshots().count == 1)
                let other = try await site.backup("nightly", ["--idempotency-key", "k2"]).session
                #expect(other.id != first.id)
                #expect(try await site.snapshots().count == 2)
            }
        }

        @Test(.requires(TestServer.two), .timeLimit(.minutes(3)), arguments: TestServer.present(TestServer.two))
        func everyMessageTwiceIsOneSnapshot(_ server: TestServer) async throws {
            try await withBackup(of: server) { site, index in
                let tap = try await Tap()
                let doubler = try await Doubler(tap)
                let session = try await site.backup("nightly").session
                #expect(session.phase == "Succeeded", "\(session.json)")
                #expect(session.documents == 3_000)
                try await doubler.stop()

                // Once more after the end, as after a broker's crash: each is answered, none does anything.
                let commands = tap.messages.elements.filter { $0.exchange == Topology.command }
                #expect(commands.count > 10)
                try await doubler.publish(commands)
                _ = try await site.snapshots()
                // An answer to a query may overtake them.
                for queue in [WorkQueue.backupSession, .backupUnit] { try await Broker.wait(forQueue: queue.name, toHold: 0) }
                #expect(try await site.snapshots().compactMap { $0["id"]?.string } == [try #require(session.snapshot)])
                #expect(!tap.messages.elements.contains { $0.exchange == Topology.dead }, "a message went to the dead letters")
                await tap.close()
            }
        }

        private func withBackup(of server: TestServer, _ body: (Site, _ index: String) async throws -> Void) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 3_000, filling: 500)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one", ["--unit-bytes", "50KiB"])
                    try await site.startWorker("two", ["--unit-bytes", "50KiB"])
                    try await body(site, index)
                }
            }
        }
    }
}

/// Publishes again every command that goes to the workers, once.
private final class Doubler: Sendable {
    private let connection: BrokerConnection
    private let task: Task<Void, any Error>

    init(_ tap: Tap) async throws {
        let connection = try await Broker.open("sheaf-e2e doubler")
        self.connection = connection
        task = Task {
            var seen: Set<String> = []
            while true {
                let known = seen
                let message = try await tap.messages.first("another command", within: .seconds(600)) {
                    $0.exchange == Topology.command && !known.contains($0.properties.messageID ?? "")
                }
                seen.insert(message.properties.messageID ?? "")
                try await Self.publish([message], on: connection)
            }
        }
    }

    func publish(_ messages: [Tap.Message]) async throws { try await Self.publish(messages, on: connection) }

    func stop() async throws {
        task.cancel()
        _ = await task.result
    }

    private static func publish(_ messages: [Tap.Message], on connection: BrokerConnection) async throws {
        for message in messages {
            try await connection.publish(
                OutgoingMessage(
                    exchange: message.exchange, routingKey: message.key, properties: message.properties, body: message.body,
                    mandatory: true))
        }
    }
}
