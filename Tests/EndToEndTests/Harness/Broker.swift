import AMQP
import Bus
import Foundation
import Messages
import Runtime

/// The broker that the tests share with nobody: what waits in Sheaf's queues is dropped before each test.
enum Broker {
    static let variable = "AMQP_URL"

    static func url() throws -> String {
        guard let url = Surroundings.environment[variable] else {
            throw Surroundings.Missing(message: "\(variable) is not set; start the servers with scripts/services")
        }
        return url
    }

    static func open(_ name: String = "sheaf-e2e") async throws -> BrokerConnection {
        try await BrokerConnection.open(try BrokerAddress(try url()), name: name)
    }

    /// Empties all queues. Programs of earlier tests are dead by now, but the broker may not have noticed yet.
    static func purge() async throws {
        let connection = try await open()
        let deadline = ContinuousClock.now + .seconds(20)
        for queue in Topology().queues {
            // What a dead consumer held goes back to the queue together with the consumer's own end.
            while try await connection.declareQueue(queue.name, passive: true).consumers > 0 {
                guard .now < deadline else {
                    throw Surroundings.Missing(message: "queue \(queue.name) has consumers: the broker must be the tests' own")
                }
                await Task.yield()
            }
            try await connection.purgeQueue(queue.name)
        }
        await connection.close()
    }

    /// Returns once so many messages are ready in a queue.
    ///
    /// - Throws: `Missed` after 20 seconds.
    static func waitForMessages(_ count: Int, in queue: String) async throws {
        let connection = try await open()
        let deadline = ContinuousClock.now + .seconds(20)
        while try await connection.declareQueue(queue, passive: true).messages != count {
            guard .now < deadline else { throw Missed(what: "\(count) messages in \(queue)", after: .seconds(20)) }
            await Task.yield()
        }
        await connection.close()
    }

    static func messages(in queue: WorkQueue) async throws -> Int {
        let connection = try await open()
        defer { withExtendedLifetime(connection) {} }
        let state = try await connection.declareQueue(queue.name, passive: true)
        await connection.close()
        return state.messages
    }
}

/// Copies of all that goes through Sheaf's exchanges, from the moment it was made on.
final class Tap: Sendable {
    struct Message: Sendable {
        let exchange: String
        let key: String
        let properties: MessageProperties
        let body: [UInt8]

        /// The payload of an event of that type, nil for other types.
        func event<Payload: Codable & Sendable>(_ type: MessageType, _ payload: Payload.Type) -> Payload? {
            guard properties.type == type.rawValue else { return nil }
            return try? MessageCoding.decode(CloudEvent<Payload>.self, from: body).data
        }

        var progress: ProgressEvent? { event(.progress, ProgressEvent.self) }
        var status: StatusEvent? { event(.status, StatusEvent.self) }
    }

    let messages = Feed<Message>()
    private let connection: BrokerConnection
    private let reader: Task<Void, any Error>

    init() async throws {
        let connection = try await Broker.open("sheaf-e2e tap")
        let queue = "sheaf.test.tap.\(UInt64.random(in: 0 ... .max))"
        try await connection.declareQueue(queue, durable: false, exclusive: true, autoDelete: true)
        for exchange in [Topology.event, Topology.command, Topology.trigger, Topology.dead] {
            try await connection.bindQueue(queue, to: exchange, routingKey: "#")
        }
        let consumer = try await connection.consume(queue: queue, prefetch: 200)
        self.connection = connection
        reader = Task { [messages] in
            defer { messages.finish() }
            for try await delivery in consumer {
                messages.append(
                    Message(
                        exchange: delivery.exchange, key: delivery.routingKey, properties: delivery.properties,
                        body: delivery.body))
                try await delivery.ack()
            }
        }
    }

    /// Parts stored so far, in the order in which they were reported.
    var storedParts: [ProgressEvent] { messages.elements.compactMap(\.progress).filter { $0.state == .stored } }

    func close() async {
        reader.cancel()
        await connection.close()
    }
}
