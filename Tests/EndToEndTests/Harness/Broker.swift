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
    static func purge(_ topology: Topology = Topology()) async throws {
        let connection = try await open()
        let deadline = ContinuousClock.now + .seconds(20)
        for queue in topology.queues {
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

    /// Waits until so many messages are ready in a queue.
    static func wait(for queue: WorkQueue, toHold count: Int, on connection: BrokerConnection) async throws {
        try await wait(forQueue: queue.name, toHold: count, on: connection)
    }

    static func wait(forQueue queue: String, toHold count: Int, on connection: BrokerConnection) async throws {
        try await wait("\(count) messages in \(queue)", until: { $0.messages == count }, queue, connection)
    }

    static func wait(forConsumersOf queue: String, toBe count: Int, on connection: BrokerConnection) async throws {
        try await wait("\(count) consumers of \(queue)", until: { $0.consumers == count }, queue, connection)
    }

    private static func wait(
        _ what: String, until isSo: (BrokerConnection.QueueState) -> Bool, _ queue: String, _ connection: BrokerConnection,
        within limit: Duration = .seconds(30)
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while !isSo(try await connection.declareQueue(queue, passive: true)) {
            guard .now < deadline else { throw Missed(what: what, after: limit) }
            await Task.yield()
        }
    }

    /// Over a connection of its own.
    static func wait(forQueue queue: String, toHold count: Int) async throws {
        let connection = try await open()
        try await wait(forQueue: queue, toHold: count, on: connection)
        await connection.close()
    }

    /// Waits until no queue of the workers, of the retries and of the dead letters holds a message that is ready.
    static func drained(within limit: Duration = .seconds(30)) async throws {
        let connection = try await open()
        for queue in Topology(schedulers: []).queues {
            try await wait("no message in \(queue.name)", until: { $0.messages == 0 }, queue.name, connection, within: limit)
        }
        await connection.close()
    }

    static func messages(in queue: WorkQueue) async throws -> Int { try await messages(named: queue.name) }

    /// Messages that wait in a queue.
    static func messages(named queue: String) async throws -> Int {
        let connection = try await open()
        defer { withExtendedLifetime(connection) {} }
        let state = try await connection.declareQueue(queue, passive: true)
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

    /// - Parameter others: exchanges besides those of commands, triggers, events and dead letters.
    init(others: [String] = []) async throws {
        let connection = try await Broker.open("sheaf-e2e tap")
        let queue = "sheaf.test.tap.\(UInt64.random(in: 0 ... .max))"
        try await connection.declareQueue(queue, durable: false, exclusive: true, autoDelete: true)
        for exchange in [Topology.event, Topology.command, Topology.trigger, Topology.dead] + others {
            try await connection.bindQueue(queue, to: exchange, routingKey: "#")
        }
        let consumer = try await connection.consume(queue: queue, prefetch: 200)
        self.connection = connection
        reader = Task { [messages] in
            defer { messages.finish() }
            for try await delivery in consumer {
                messages.append(Message(delivery))
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
