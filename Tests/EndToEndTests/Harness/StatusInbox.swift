import AMQP
import Bus
import Messages
import Runtime

/// Status events as they come in to queues of the tests' own.
final class StatusInbox: Sendable {
    struct Arrival: Sendable {
        let queue: String
        /// The CloudEvent's id.
        let event: String
        let status: StatusEvent
    }

    let arrivals = Feed<Arrival>()
    private let connection: BrokerConnection
    private let reader: Task<Void, any Error>

    /// The ends of all sessions from now on, as anybody may listen to them.
    static func ends() async throws -> StatusInbox {
        try await StatusInbox(queues: ["e2e-ends-\(UInt64.random(in: 0 ... .max))"]) { connection, queue in
            for phase in Phase.allCases where phase.isFinal {
                for kind in SessionKind.allCases {
                    let key = "\(kind.rawValue).*.\(phase.rawValue.lowercased())"
                    try await connection.bindQueue(queue, to: Topology.event, routingKey: key)
                }
            }
        }
    }

    /// What is sent to those queues by their names.
    static func replies(to queues: [String]) async throws -> StatusInbox { try await StatusInbox(queues: queues) { _, _ in } }

    private init(queues: [String], bind: (BrokerConnection, String) async throws -> Void) async throws {
        let connection = try await Broker.open("sheaf-e2e inbox")
        var consumers: [Consumer] = []
        for queue in queues {
            try await connection.declareQueue(queue, durable: false, exclusive: true)
            try await bind(connection, queue)
            consumers.append(try await connection.consume(queue: queue, prefetch: 200))
        }
        self.connection = connection
        reader = Task { [arrivals, consumers] in
            defer { arrivals.finish() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for consumer in consumers { group.addTask { try await Self.read(consumer, into: arrivals) } }
                try await group.waitForAll()
            }
        }
    }

    private static func read(_ consumer: Consumer, into arrivals: Feed<Arrival>) async throws {
        for try await delivery in consumer {
            let event = try MessageCoding.decode(CloudEvent<StatusEvent>.self, from: delivery.body)
            arrivals.append(Arrival(queue: consumer.queue, event: event.id, status: event.data))
            try await delivery.ack()
        }
    }

    /// Waits until so many sessions have ended; a session whose end came twice counts once.
    func ends(_ count: Int, within limit: Duration) async throws {
        let ended = Lock<Set<SessionID>>([])
        _ = try await arrivals.first("the end of \(count) sessions", within: limit) { arrival in
            guard arrival.status.phase.isFinal else { return false }
            return ended.withLock {
                $0.insert(arrival.status.session)
                return $0.count >= count
            }
        }
    }

    /// All final events so far, by session.
    var finals: [SessionID: [Arrival]] {
        Dictionary(grouping: arrivals.elements.filter { $0.status.phase.isFinal }) { $0.status.session }
    }

    /// - Throws: when something came in that is no status event.
    func close() async throws {
        reader.cancel()
        do {
            try await reader.value
        } catch is CancellationError {
            // Its waiting was ended, which is what close is for.
        }
        await connection.close()
    }
}
