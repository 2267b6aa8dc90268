import AMQP
import Bus
import Messages
import Runtime

/// What reaches a client: answers, events and the state of its connection, in one sequence.
enum Incoming: Sendable {
    /// A connection stands, with a reply queue of that name.
    case connected(BrokerConnection, replyQueue: String)
    case disconnected(AMQPError)
    /// No connection comes back by itself.
    case failed(any Error)
    case reply(Reply)
    case status(StatusEvent)
    case progress(ProgressEvent)
    /// Something that this version does not understand.
    case unreadable(String)
    case tick
    case signal(CInt)
}

/// Keeps a connection and a reply queue of the client's own, and hands on what arrives there.
///
/// The queue is exclusive and goes with its connection, so each connection has one under a new name.
struct ReplyStream: Sendable {
    let address: BrokerAddress
    let name: String
    /// What the queue is bound to beside the answers that are sent to it.
    let eventKeys: [String]
    let output: AsyncStream<Incoming>.Continuation

    func run() async {
        do {
            try await withReconnection(
                to: address, name: "sheaf \(name)", timeouts: BrokerTimeouts(answer: .seconds(10), publish: .seconds(10)),
                backoff: Backoff(cap: .seconds(5))
            ) { state in
                if case .disconnected(let error, _) = state { output.yield(.disconnected(error)) }
            } _: { connection in
                try await consume(from: connection)
            }
        } catch is CancellationError {
            // The command has ended.
        } catch {
            output.yield(.failed(error))
        }
    }

    private func consume(from connection: BrokerConnection) async throws {
        // Under a name of the broker's choice: the only ones that a user of the role outsider may declare.
        let queue = try await connection.declareQueue("", durable: false, exclusive: true, autoDelete: true).name
        for key in eventKeys {
            do throws(AMQPError) {
                try await connection.bindQueue(queue, to: Topology.event, routingKey: key)
            } catch {
                // Told and not thrown: the refusal has ended the connection, which would pass for a reason to connect again.
                switch error.code {
                case .accessRefused:
                    return fail(.refused, "the broker does not let this user follow \(key): \(error.message)")
                case .notFound:
                    return fail(
                        .unreachable,
                        "the broker \(address) has no exchange \(Topology.event); declare what is missing with: sheaf topology apply"
                    )
                default: throw error
                }
            }
        }
        let consumer = try await connection.consume(queue: queue, prefetch: 200)
        output.yield(.connected(connection, replyQueue: queue))
        for try await delivery in consumer {
            output.yield(incoming(delivery))
            try await delivery.ack()
        }
    }

    private func fail(_ code: CommandError.Code, _ message: String) { output.yield(.failed(CommandError(code, message))) }

    private func incoming(_ delivery: Delivery) -> Incoming {
        do throws(PoisonError) {
            switch delivery.properties.type {
            case MessageType.reply.rawValue:
                return .reply(try delivery.event(Reply.self, types: [.reply], maximumBytes: PoisonError.maximumEvent).data)
            case MessageType.status.rawValue:
                return .status(
                    try delivery.event(StatusEvent.self, types: [.status], maximumBytes: PoisonError.maximumEvent).data)
            case MessageType.progress.rawValue: return .progress(try delivery.event(ProgressEvent.self, types: [.progress]).data)
            case let type: return .unreadable("a message of type \(type ?? "none")")
            }
        } catch {
            return .unreadable(error.message)
        }
    }
}

/// Names that no other client has.
enum ClientName {
    static func random(digits: Int) -> String {
        let alphabet = Array("0123456789abcdef")
        return String((0..<digits).map { _ in alphabet[Int.random(in: 0..<16)] })
    }
}
