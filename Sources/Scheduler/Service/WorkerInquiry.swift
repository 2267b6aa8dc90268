package import AMQP
import Bus
package import Messages
import Runtime

/// Asks workers what only they can know, such as what is in a repository, by `query` messages.
///
/// Answers come to a queue that the broker names, on a connection of its own: opened with the first question, and opened again when it is
/// lost. Any number of questions may be open at once; each has an id, which its answer carries as correlation id. A question whose connection
/// was lost is asked again, since none changes anything.
package actor WorkerInquiry {
    private struct Question {
        let query: Query
        let deadline: ContinuousClock.Instant
        let answers: AsyncThrowingStream<Reply, any Error>.Continuation
    }

    private let broker: BrokerAddress
    private let envelope: Envelope
    private let name: String
    /// Wakes `run`.
    private let needs: AsyncStream<Void>
    private let need: AsyncStream<Void>.Continuation
    private var questions: [String: Question] = [:]
    private var asked = 0
    /// Where questions go, while there is a connection.
    private var outbox: AsyncStream<String>.Continuation?
    /// Why there is no connection.
    private var problem: AMQPError?

    /// - Parameter name: of the Scheduler; names the connection, and begins the ids of the questions.
    package init(broker: BrokerAddress, name: String) {
        self.broker = broker
        self.name = name
        // Unlike those of a Scheduler of this name that ran before.
        let run = String(UInt64.random(in: 0 ... .max), radix: 36)
        envelope = Envelope(source: "/sheaf/scheduler/\(name)/\(run)", appID: "sheaf-scheduler")
        (needs, need) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Keeps the connection, once something is asked, until the task is cancelled. Without it no question is answered.
    package func run() async throws {
        for await _ in needs where !questions.isEmpty {
            do {
                try await withReconnection(
                    to: broker, name: "sheaf-scheduler \(name) ask",
                    timeouts: BrokerTimeouts(answer: .seconds(10), publish: .seconds(10)), backoff: Backoff(cap: .seconds(5))
                ) { state in
                    if case .disconnected(let error, _) = state { problem = error }
                } _: { connection in
                    try await converse(over: connection)
                }
            } catch let error where !(error is CancellationError) {
                // A login or a right that is missing: the next question tries again, after somebody may have mended it.
                for question in questions.values { question.answers.finish(throwing: away(error)) }
            }
        }
        try Task.checkCancellation()
    }

    /// Asks whichever worker takes the question first.
    ///
    /// - Parameter patience: how long the answer may take; what no worker has taken shortly before is dropped by the broker.
    /// - Returns: any answer but `.refused`.
    /// - Throws: `InquiryError`; `CancellationError`.
    package func ask(_ query: Query, within patience: Duration = .seconds(15)) async throws -> Reply {
        asked += 1
        let id = "\(envelope.source)/\(asked)"
        let deadline = ContinuousClock.now + patience
        let (answers, continuation) = AsyncThrowingStream.makeStream(of: Reply.self)
        questions[id] = Question(query: query, deadline: deadline, answers: continuation)
        defer { questions[id] = nil }
        outbox?.yield(id)
        need.yield()
        let reply = try await withThrowingTaskGroup(of: Reply?.self) { group in
            group.addTask {
                for try await reply in answers { return reply }
                return nil
            }
            group.addTask {
                try await Task.sleep(until: deadline)
                throw await self.silence(after: patience)
            }
            defer { group.cancelAll() }
            return try await group.next().flatMap(\.self)
        }
        guard let reply else { throw CancellationError() }
        if case .refused(let code, let message) = reply { throw InquiryError(.refused(code), message) }
        return reply
    }

    private func converse(over connection: BrokerConnection) async throws {
        let queue = try await connection.declareQueue("", durable: false, exclusive: true, autoDelete: true).name
        let consumer = try await connection.consume(
            queue: queue, prefetch: 64, maximumBodySize: PoisonError.maximumEvent + PoisonError.margin)
        let (ids, outbox) = AsyncStream.makeStream(of: String.self)
        for id in questions.keys { outbox.yield(id) }
        self.outbox = outbox
        problem = nil
        defer { self.outbox = nil }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await delivery in consumer {
                    await self.receive(delivery)
                    try await delivery.ack()
                }
            }
            group.addTask { try await self.send(ids, over: connection, replyTo: queue) }
            try await group.next()
            group.cancelAll()
        }
    }

    private func send(_ ids: AsyncStream<String>, over connection: BrokerConnection, replyTo queue: String) async throws {
        for await id in ids {
            guard let question = questions[id], question.deadline > .now else { continue }
            do {
                try await connection.publish(try message(id, question, replyTo: queue))
            } catch let error as AMQPError where !error.isRetryable || error.replyCode == 403 {
                question.answers.finish(throwing: away(error))
            } catch let error as AMQPError where connection.isOpen {
                question.answers.finish(
                    throwing: InquiryError(.noBroker, "the broker does not take the question: \(error.message)"))
            }
        }
    }

    private func message(_ id: String, _ question: Question, replyTo queue: String) throws -> OutgoingMessage {
        var message = try envelope.message(
            .query, id: id, session: nil, payload: question.query, to: Topology.command, key: question.query.routingKey,
            mandatory: true, replyTo: queue)
        // Whoever takes it later would answer somebody who has gone.
        message.properties.expiration = String(max(1, (question.deadline - .now).milliseconds * 13 / 15))
        return message
    }

    private func receive(_ delivery: Delivery) {
        guard let id = delivery.properties.correlationID, let question = questions[id] else { return }
        do throws(PoisonError) {
            question.answers.yield(
                try delivery.event(Reply.self, types: [.reply], maximumBytes: PoisonError.maximumEvent).data)
            question.answers.finish()
        } catch {
            question.answers.finish(
                throwing: InquiryError(
                    .refused(.failed),
                    "a worker's answer cannot be read (\(error.message)): are all programs of one version?"))
        }
    }

    private func silence(after patience: Duration) -> InquiryError {
        if outbox == nil {
            return InquiryError(
                .noBroker,
                "there is no connection to the broker \(broker)\(problem.map { " (\($0.message))" } ?? ""), so no worker could be asked"
            )
        }
        return InquiryError(
            .noWorker, "no worker answered within \(patience.shortText); check that one runs (sheaf worker) on this broker")
    }

    private func away(_ error: any Error) -> InquiryError {
        guard let error = error as? AMQPError else { return InquiryError(.noBroker, "\(error)") }
        return switch error.code {
        case .accessRefused,
            .channelClosed where error.replyCode == 403:
            InquiryError(
                .noBroker,
                "the broker does not let the Scheduler's user ask workers: \(error.message); give it the rights that"
                    + " \"sheaf topology permissions\" prints")
        case .returned, .notFound:
            InquiryError(
                .noBroker,
                "the broker \(broker) has no queue for questions; declare what is missing with: sheaf topology apply")
        default: InquiryError(.noBroker, "the broker \(broker) cannot be used: \(error.message)")
        }
    }
}
