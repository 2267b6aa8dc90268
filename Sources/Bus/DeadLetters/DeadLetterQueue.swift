package import AMQP
import Runtime

/// Goes through the queue of dead letters, oldest first, without changing it but where it is told to.
///
/// A letter behind another can only be seen while the first is held, so a reader holds all that it has passed, without their bodies, and gives
/// them back in order at the end. It always passes all: what is given back goes behind what was given back before, so that a reader of some would
/// turn the queue. A reader that is killed leaves it to the broker.
package struct DeadLetterQueue: Sendable {
    package enum Verdict: Sendable {
        case keep
        /// It was replayed, or is to be dropped.
        case remove
    }

    package struct Outcome: Sendable {
        /// Letters that should have been there and did not come.
        package let missed: Int
        /// Readers that were there before; the broker does not tell what they hold.
        package let otherReaders: Int

        package var isWhole: Bool { missed == 0 && otherReaders == 0 }
    }

    /// Letters that a consumer holds; the next ones come to another consumer. Bounds the bodies in memory.
    private static let page = 64
    /// So long without a letter that should be there means that another reader has it. The broker takes seconds over hostile headers.
    private static let patience = Duration.seconds(15)

    private let connection: BrokerConnection

    /// - Parameter connection: does nothing else meanwhile.
    package init(_ connection: BrokerConnection) { self.connection = connection }

    /// Shows the body one letter after the other; those that come meanwhile are not among them.
    ///
    /// - Parameter body: decides about a letter; what it throws ends the visit and the connection, which gives back all but those removed before.
    @discardableResult
    package func visit(_ body: (DeadLetter, Delivery) async throws -> Verdict) async throws -> Outcome {
        let state = try await connection.declareQueue(Topology.dead, passive: true)
        let goal = state.messages
        var pages: [Page] = []
        let came: Int
        do {
            came = try await pass(goal, &pages, body)
        } catch {
            // The broker gives back in order what a connection leaves behind, with what nobody took yet.
            await connection.close()
            throw error
        }
        try await giveBack(pages)
        return Outcome(missed: goal - came, otherReaders: state.consumers)
    }

    /// A consumer with the letters that it holds, without their bodies.
    private struct Page {
        let consumer: Consumer
        var held: [Delivery] = []
    }

    /// - Returns: letters that came.
    private func pass(
        _ goal: Int, _ pages: inout [Page], _ body: (DeadLetter, Delivery) async throws -> Verdict
    ) async throws -> Int {
        for seen in 0..<goal {
            if pages.last?.held.count ?? Self.page == Self.page {
                let prefetch = min(Self.page, goal - seen)
                pages.append(Page(consumer: try await connection.consume(queue: Topology.dead, prefetch: prefetch)))
            }
            guard let consumer = pages.last?.consumer, let delivery = try await next(of: consumer) else { return seen }
            switch try await body(try DeadLetter(delivery), delivery) {
            case .keep: pages[pages.count - 1].held.append(delivery.withoutBody)
            case .remove: try await delivery.ack()
            }
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
    ///
    /// A page after the other, each when the one before is there again: the broker gathers what many consumers give back and keeps the order
    /// only within each. Nor may anybody read before all is back.
    private func giveBack(_ pages: [Page]) async throws {
        for page in pages { try await page.consumer.cancel() }
        var expected = try await connection.declareQueue(Topology.dead, passive: true).messages
        for page in pages {
            for delivery in page.held { try await delivery.nack(requeue: true) }
            expected += page.held.count
            // Another reader may take some meanwhile.
            let deadline = ContinuousClock.now + .seconds(2)
            while try await connection.declareQueue(Topology.dead, passive: true).messages < expected, .now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
