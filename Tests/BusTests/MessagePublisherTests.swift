import AMQP
import Bus
import Foundation
import Runtime
import Testing

/// Publishing over connections that come and go, against a real broker.
@Suite(
    .enabled(
        if: ProcessInfo.processInfo.environment["AMQP_URL"] != nil || ProcessInfo.processInfo.environment["CI"] == "true",
        "set AMQP_URL, e.g. to what `scripts/rabbitmq start DIR PORT` prints, to run"),
    .timeLimit(.minutes(1)))
struct MessagePublisherTests {
    /// Opens connections and counts them.
    private final class Opener: Sendable {
        private let opened = Lock<[BrokerConnection]>([])
        private let failures: Lock<[AMQPError]>

        /// - Parameter failures: what the second and later openings meet, in this order.
        init(failures: [AMQPError] = []) { self.failures = Lock(failures) }

        var connections: [BrokerConnection] { opened.withLock { $0 } }

        func open() async throws(AMQPError) -> BrokerConnection {
            if !connections.isEmpty, let failure = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
            let connection = try await BrokerConnection.open(try Self.address, name: "sheaf-tests publisher")
            opened.withLock { $0.append(connection) }
            return connection
        }

        static var address: BrokerAddress {
            get throws(AMQPError) { try BrokerAddress(ProcessInfo.processInfo.environment["AMQP_URL"] ?? "") }
        }

        func publisher(attempts: Int) -> MessagePublisher {
            MessagePublisher(attempts: attempts, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(2))) {
                () async throws(AMQPError) in try await self.open()
            }
        }
    }

    private func withQueue(
        _ arguments: HeaderTable, _ body: (_ queue: String, _ messages: () async throws -> Int) async throws -> Void
    )
        async throws
    {
        let connection = try await BrokerConnection.open(try Opener.address, name: "sheaf-tests")
        let queue = "sheaf.test.publisher.\(UInt64.random(in: 0 ... .max))"
        try await connection.declareQueue(queue, arguments: arguments)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(queue) { try await connection.declareQueue(queue, passive: true).messages })
        } catch {
            result = .failure(error)
        }
        try await connection.deleteQueue(queue)
        await connection.close()
        try result.get()
    }

    private func message(_ queue: String, _ id: String) -> OutgoingMessage {
        OutgoingMessage(exchange: "", routingKey: queue, properties: MessageProperties(messageID: id), body: [1], mandatory: true)
    }

    /// A channel whose first publish met a queue without a leader is refused for ever (seen on RabbitMQ 3.10): a new one is not.
    @Test func whatIsRefusedAgainGoesOverAnotherConnection() async throws {
        let full: HeaderTable = ["x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"]
        try await withQueue(full) { queue, _ in
            let opener = Opener()
            let publisher = opener.publisher(attempts: 4)
            // Classic queues take one more than they should.
            let error = await #expect(throws: AMQPError.self) {
                try await publisher.publish((0..<3).map { message(queue, "m\($0)") })
            }
            #expect(error?.code == .nacked)
            #expect(opener.connections.count == 3, "the first twice, then a new one each time")
            await publisher.close()
        }
    }

    @Test func tasksThatPublishAtOnceShareAConnection() async throws {
        try await withQueue(["x-queue-type": "quorum"]) { queue, messages in
            let opener = Opener()
            let publisher = opener.publisher(attempts: 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 { group.addTask { try await publisher.publish(message(queue, "m\(number)")) } }
                try await group.waitForAll()
            }
            #expect(opener.connections.count == 1)
            #expect(try await messages() == 50)
            await publisher.close()
        }
    }

    @Test func aRefusalAfterALostConnectionMayPass() async throws {
        try await withQueue(["x-queue-type": "quorum"]) { queue, messages in
            let opener = Opener(failures: [
                AMQPError(.loginRefused, "no users yet"), AMQPError(.notFound, "no virtual host yet"),
            ])
            let publisher = opener.publisher(attempts: 4)
            try await publisher.publish(message(queue, "before"))
            await opener.connections.first?.close()
            try await publisher.publish(message(queue, "after"))
            #expect(try await messages() == 2)
            await publisher.close()
        }
    }

    @Test func aRefusalOfTheFirstConnectionIsAWrongSetting() async throws {
        let tries = Lock(0)
        let publisher = MessagePublisher(attempts: 4, backoff: Backoff(base: .milliseconds(1))) { () async throws(AMQPError) in
            tries.withLock { $0 += 1 }
            throw AMQPError(.loginRefused, "wrong password")
        }
        await #expect(throws: AMQPError.self) { try await publisher.publish(message("q", "m")) }
        #expect(tries.withLock { $0 } == 1)
    }
}
