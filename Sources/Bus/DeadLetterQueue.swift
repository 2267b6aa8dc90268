package import AMQP
import Runtime

/// Goes through the queue of dead letters, oldest first, without changing it but where it is told to.
///
/// A letter behind another can only be seen while the first is held, so a reader holds all that it has passed, without their bodies, and gives
/// them back in order at the end: each goes to its old place. A reader that is killed leaves that to the broker.
package struct DeadLetterQueue: Sendable {
    package enum Verdict: Sendable {
        case keep
        /// It was replayed, or is to be dropped.
        case remove
    }

    /// Letters that a consumer holds; the next ones come to another consumer. Bounds the bodies in memory.
    private static let page = 64
    /// So long without a letter that should be there means that another reader has it. The broker takes seconds over hostile headers.
    private static let patience = Duration.seconds(15)

    private let connection: BrokerConnection

    /// - Parameter connection: does nothing else meanwhile.
    package init(_ connection: BrokerConnection) { self.connection = connection }

    /// Shows the body one letter after the other.
    ///
    /// - Parameters:
    ///   - limit: letters to look at; those that come meanwhile are not among them.
    ///   - body: decides about a letter; what it throws ends the visit, and all letters but those removed before are given back.
    /// - Returns: letters that should have been there and did not come: another reader holds them.
    @discardableResult
    package func visit(limit: Int, _ body: (DeadLetter, Delivery) async throws -> Verdict) async throws -> Int {
        let ready = try await connection.declareQueue(Topology.dead, passive: true).messages
        let goal = min(max(limit, 0), ready)
        var consumers: [Consumer] = []
        var held: [Delivery] = []
        let result: Result<Int, any Error>
        do {
            result = .success(goal - (try await pass(goal, &consumers, &held, body)))
        } catch {
            result = .failure(error)
        }
        try await giveBack(held, consumers)
        return try result.get()
    }

    /// - Returns: letters that came.
    private func pass(
        _ goal: Int, _ consumers: inout [Consumer], _ held: inout [Delivery],
        _ body: (DeadLetter, Delivery) async throws -> Verdict
    ) async throws -> Int {
        var heldByLast = Self.page
        for seen in 0..<goal {
            if heldByLast == Self.page {
                consumers.append(try await connection.consume(queue: Topology.dead, prefetch: min(Self.page, goal - seen)))
                heldByLast = 0
            }
            guard let consumer = consumers.last, let delivery = try await next(of: consumer) else { return seen }
            held.append(delivery.withoutBody)
            heldByLast += 1
            guard case .remove = try await body(try DeadLetter(delivery), delivery) else { continue }
            held.removeLast()
            heldByLast -= 1
            try await delivery.ack()
        }
        return goal
    }

    /// Nil when none comes in time.
    private func next(of consumer: Consumer) async throws -> Delivery? {
        try await withThrowingTaskGroup(of: Delivery?.self) { group in
            group.addTask {
                var deliveries = consumer.makeAsyncIterator()
                return try await deliveries.next()
            }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// No consumer may be left, or what is given back would come to it at once.
    private func giveBack(_ held: [Delivery], _ consumers: [Consumer]) async throws {
        guard connection.isOpen else { return }
        for consumer in consumers { try await consumer.cancel() }
        for delivery in held { try await delivery.nack(requeue: true) }
    }
}
