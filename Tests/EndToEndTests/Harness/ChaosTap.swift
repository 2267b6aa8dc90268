import AMQP
import Bus
import Messages
import Runtime

/// Copies of all that goes through Sheaf's exchanges, kept by the broker while it or the tap is away: no message is missed.
final class ChaosTap: Sendable {
    private static let queue = "sheaf.test.chaos"
    private static let exchanges = [Topology.event, Topology.command, Topology.trigger, Topology.dead]

    let messages = Feed<Tap.Message>()
    private let reader: Task<Void, any Error>

    /// Declares the queue that the broker's taps read.
    static func declare(on connection: BrokerConnection) async throws {
        try await connection.declareQueue(queue, arguments: ["x-queue-type": "quorum"])
        for exchange in exchanges { try await connection.bindQueue(queue, to: exchange, routingKey: "#") }
    }

    /// - Parameter address: the broker itself, not a proxy.
    init(_ address: BrokerAddress) {
        reader = Task { [messages] in
            defer { messages.finish() }
            try await withReconnection(to: address, name: "sheaf-chaos tap", backoff: Backoff(cap: .milliseconds(500))) {
                connection in
                for try await delivery in try await connection.consume(queue: Self.queue, prefetch: 200) {
                    messages.append(
                        Tap.Message(
                            exchange: delivery.exchange, key: delivery.routingKey, properties: delivery.properties,
                            body: delivery.body))
                    try await delivery.ack()
                }
            }
        }
    }

    /// The end of a session as its journal tells it.
    func end(of session: String, within limit: Duration) async throws -> StatusEvent {
        let message = try await messages.first("the end of session \(session)", within: limit) {
            $0.status.map { $0.session.text == session && $0.phase.isFinal } ?? false
        }
        guard let status = message.status else { throw Missed(what: "the status of session \(session)", after: nil) }
        return status
    }

    /// Waits until so many different units have been asked for.
    func units(_ count: Int, within limit: Duration) async throws {
        let seen = Lock<Set<String>>([])
        _ = try await messages.first("\(count) units to be asked for", within: limit) { message in
            guard message.exchange == Topology.command, message.properties.type == MessageType.unit.rawValue,
                let id = message.properties.messageID
            else { return false }
            return seen.withLock {
                $0.insert(id)
                return $0.count >= count
            }
        }
    }

    /// Different units that have been asked for so far.
    var unitCount: Int {
        let ids = messages.elements.filter { $0.exchange == Topology.command && $0.properties.type == MessageType.unit.rawValue }
            .compactMap(\.properties.messageID)
        return Set(ids).count
    }

    func close() async {
        reader.cancel()
        _ = await reader.result
    }
}
