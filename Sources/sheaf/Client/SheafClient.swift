import AMQP
import Bus
import Messages
import Runtime

/// One command's conversation with the Scheduler and the workers. Used by one task.
final class SheafClient {
    /// How long an answer may take.
    private static let patience = Duration.seconds(15)
    /// What nobody took by then is dropped by the broker, so that nothing starts after the client has given up.
    private static let expiry = Duration.seconds(13)

    private let address: BrokerAddress
    private let envelope: Envelope
    private let pump: Task<Void, Never>
    private let ticker: Task<Void, Never>
    private let listener: Task<Void, Never>
    private let incoming: AsyncStream<Incoming>
    private var iterator: AsyncStream<Incoming>.Iterator
    private var connection: BrokerConnection?
    private var replyQueue: String?
    private var sent = 0
    /// What arrived while an answer was waited for.
    private var waiting: [Incoming] = []

    /// - Parameters:
    ///   - eventKeys: routing keys of the events to listen to.
    ///   - signals: whether SIGINT and SIGTERM become messages instead of ending the program at once.
    init(_ address: BrokerAddress, eventKeys: [String] = [], signals: Bool = false) throws {
        let name = "cli-\(ClientName.random(digits: 12))"
        self.address = address
        envelope = Envelope(source: "/sheaf/cli/\(name)", appID: "sheaf")
        let (incoming, continuation) = AsyncStream.makeStream(of: Incoming.self)
        self.incoming = incoming
        iterator = incoming.makeAsyncIterator()
        let stream = ReplyStream(address: address, name: name, eventKeys: eventKeys, output: continuation)
        let received = try TerminationSignal.received(signals ? TerminationSignal.allCases : [])
        // Not child tasks: a connect that hangs in the name service cannot be cancelled, and must not keep the command from ending.
        pump = Task { await stream.run() }
        listener = Task {
            for await signal in received { continuation.yield(.signal(signal.rawValue)) }
        }
        ticker = Task {
            while !Task.isCancelled {
                do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
                continuation.yield(.tick)
            }
        }
    }

    deinit {
        pump.cancel()
        ticker.cancel()
        listener.cancel()
    }

    /// Waits for the first connection.
    ///
    /// - Throws: `AMQPError` at once when there is none to be had, or after the patience is over.
    func connect() async throws {
        let deadline = ContinuousClock.now + Self.patience
        while connection == nil {
            switch try await receive() {
            case .disconnected(let error): throw error
            case .signal(let number): throw ExitCode(rawValue: 128 + number) ?? .interrupted
            case .tick where .now > deadline:
                throw CommandError(.unreachable, "the broker \(address) did not answer within \(Self.patience.shortText)")
            default: break
            }
        }
    }

    /// Publishes a request and waits for its answer; events that come meanwhile are kept for `next`.
    ///
    /// - Parameter answerer: who should answer, for the sentence when nobody does.
    func ask(
        _ type: MessageType, _ payload: some Codable & Sendable, to exchange: String, key: String, answerer: Answerer
    ) async throws -> Reply {
        try await send(type, payload, to: exchange, key: key)
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let message = try await receive()
            switch message {
            case .reply(.refused(let code, let text)): throw CommandError(refusal: code, text)
            case .reply(let reply): return reply
            case .disconnected(let error):
                guard error.replyCode != 403 else { throw error }
                throw CommandError(.unreachable, "\(error.message); whether the request got through, \"sheaf sessions\" tells")
            case .signal(let number): throw ExitCode(rawValue: 128 + number) ?? .interrupted
            case .tick where .now > deadline: throw CommandError(.unreachable, answerer.silence(after: Self.patience))
            case .tick: break
            default: waiting.append(message)
            }
        }
    }

    /// Asks whoever knows: workers what is in a repository, a Scheduler the rest.
    func ask(_ query: Query) async throws -> Reply {
        let (exchange, answerer) = Self.addressee(of: query)
        return try await ask(.query, query, to: exchange, key: query.routingKey, answerer: answerer)
    }

    /// Asks without waiting for the answer.
    func send(_ query: Query) async throws {
        try await send(.query, query, to: Self.addressee(of: query).exchange, key: query.routingKey)
    }

    private static func addressee(of query: Query) -> (exchange: String, answerer: Answerer) {
        switch query {
        case .snapshots, .snapshot, .restorePlan, .check, .finals: (Topology.command, .workers)
        case .sessions, .repositories, .resources, .rebuildLedger: (Topology.trigger, .scheduler)
        }
    }

    /// Publishes a request without waiting for the answer.
    ///
    /// - Parameter expires: whether what nobody takes in time is dropped by the broker.
    func send(
        _ type: MessageType, _ payload: some Codable & Sendable, to exchange: String, key: String, expires: Bool = true
    ) async throws {
        guard let connection, let replyQueue else { throw CommandError(.unreachable, "there is no connection to \(address)") }
        sent += 1
        var message = try envelope.message(
            type, id: "\(envelope.source)/\(sent)", session: nil, payload: payload, to: exchange, key: key, mandatory: true,
            replyTo: replyQueue)
        if expires { message.properties.expiration = String(Self.expiry.milliseconds) }
        do throws(AMQPError) {
            try await connection.publish(message)
        } catch {
            if error.replyCode == 403 {
                throw CommandError(.refused, "the broker does not let this user publish \(key) to \(exchange): \(error.message)")
            }
            guard error.code == .returned || error.replyCode == 404 else { throw error }
            throw CommandError(
                .unreachable,
                "the broker \(address) has no queue for this request; declare what is missing with: sheaf topology apply")
        }
    }

    /// The next thing that happens; a tick at least five times a second.
    func next() async throws -> Incoming {
        waiting.isEmpty ? try await receive() : waiting.removeFirst()
    }

    func close() async {
        pump.cancel()
        await connection?.close()
    }

    private func receive() async throws -> Incoming {
        guard let message = await iterator.next(isolation: #isolation) else { throw CancellationError() }
        switch message {
        case .connected(let opened, let queue): (connection, replyQueue) = (opened, queue)
        case .disconnected: (connection, replyQueue) = (nil, nil)
        case .failed(let error): throw error
        default: break
        }
        return message
    }
}

/// Who answers a request.
enum Answerer {
    case scheduler
    case workers

    func silence(after patience: Duration) -> String {
        switch self {
        case .scheduler:
            "no Scheduler answered within \(patience.shortText), and the request was withdrawn; check that one runs (sheaf scheduler) on"
                + " this broker"
        case .workers: "no worker answered within \(patience.shortText); check that one runs (sheaf worker) on this broker"
        }
    }
}
