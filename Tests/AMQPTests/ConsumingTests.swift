import Runtime
import Testing

@testable import AMQP

@Suite(.requiresBroker, .timeLimit(.minutes(2)))
struct ConsumingTests {
    @Test func unsettledDeliveryComesAgainAfterItsConnectionIsClosed() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish(TestBroker.message(queue, "a"))
            let first = try await TestBroker.open()
            let held = try await next(first, queue)
            await first.close()
            let error = try await amqpError { try await held.ack() }
            #expect(error.code == .connectionClosed)
            let again = try await next(connection, queue)
            #expect(again.isRedelivered)
            #expect(again.deliveryCount == 1)
            try await again.ack()
            let second = try await amqpError { try await again.ack() }
            #expect(second.code == .alreadySettled)
        }
    }

    @Test func connectionLetGoGivesItsDeliveriesBack() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish(TestBroker.message(queue, "a"))
            do {
                let held = try await next(try await TestBroker.open(), queue)
                #expect(!held.isRedelivered)
            }
            let again = try await next(connection, queue)
            #expect(again.isRedelivered)
            try await again.ack()
        }
    }

    @Test func nackAndRejectRequeueOrDrop() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish(TestBroker.message(queue, "a"))
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            var deliveries = consumer.makeAsyncIterator()
            try await deliveries.next()?.nack(requeue: true)
            let second = try #require(try await deliveries.next())
            #expect(second.isRedelivered)
            #expect(second.deliveryCount == 1)
            try await second.reject(requeue: true)
            let third = try #require(try await deliveries.next())
            #expect(third.deliveryCount == 2)
            try await third.nack(requeue: false)
            try await consumer.cancel()
            #expect(try await connection.declareQueue(queue, passive: true).messages == 0)
        }
    }

    @Test func prefetchBoundsWhatIsUnsettled() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish((0..<20).map { TestBroker.message(queue, "\($0)") })
            let consumer = try await connection.consume(queue: queue, prefetch: 3)
            var deliveries = consumer.makeAsyncIterator()
            var held: [Delivery] = []
            for _ in 0..<3 { held.append(try #require(try await deliveries.next())) }
            // Ready messages are what the broker still holds back; its count is exact once three are out.
            #expect(try await connection.declareQueue(queue, passive: true).messages == 17)
            try await held.removeFirst().ack()
            held.append(try #require(try await deliveries.next()))
            #expect(try await connection.declareQueue(queue, passive: true).messages == 16)
        }
    }

    @Test func twoConsumersOnOneConnectionHaveTheirOwnPrefetch() async throws {
        try await TestBroker.withQueue { connection, first in
            try await TestBroker.withQueue { _, second in
                try await connection.publish((0..<10).map { TestBroker.message(first, "\($0)") })
                try await connection.publish((0..<10).map { TestBroker.message(second, "\($0)") })
                let one = try await connection.consume(queue: first, prefetch: 1)
                let four = try await connection.consume(queue: second, prefetch: 4, priority: 5)
                var ones = one.makeAsyncIterator()
                var fours = four.makeAsyncIterator()
                #expect(try await ones.next()?.queue == first)
                for _ in 0..<4 { #expect(try await fours.next()?.queue == second) }
                #expect(try await connection.declareQueue(first, passive: true).messages == 9)
                #expect(try await connection.declareQueue(second, passive: true).messages == 6)
            }
        }
    }

    @Test func cancelEndsTheSequenceAndGivesBackWhatNobodyTook() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish((0..<10).map { TestBroker.message(queue, "\($0)") })
            let consumer = try await connection.consume(queue: queue, prefetch: 10)
            var deliveries = consumer.makeAsyncIterator()
            let held = try #require(try await deliveries.next())
            try await consumer.cancel()
            try await consumer.cancel()
            #expect(try await deliveries.next() == nil)
            #expect(!consumer.isActive)
            try await held.ack()
            #expect(try await drainedCount(connection, queue) == 9)
        }
    }

    @Test func cancelledTaskStopsIteratingAndTheConsumerStaysUsable() async throws {
        try await TestBroker.withQueue { connection, queue in
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            let task = Task { for try await delivery in consumer { try await delivery.ack() } }
            task.cancel()
            try await task.value
            try await connection.publish(TestBroker.message(queue, "a"))
            var deliveries = consumer.makeAsyncIterator()
            try await deliveries.next()?.ack()
        }
    }

    @Test func deletedQueueEndsTheConsumerButNotTheConnection() async throws {
        try await TestBroker.withQueue { connection, queue in
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            let other = try await TestBroker.open()
            try await other.deleteQueue(queue)
            await other.close()
            let error = try await amqpError { for try await _ in consumer {} }
            #expect(error.code == .consumerCancelled)
            #expect(error.isRetryable)
            #expect(error.message.contains(queue))
            #expect(connection.isOpen)
            #expect(!consumer.isActive)
        }
    }

    @Test func channelErrorEndsConsumersAsChannelClosed() async throws {
        try await TestBroker.withQueue { connection, queue in
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            let missing = TestBroker.uniqueName("missing")
            let error = try await amqpError { try await connection.declareQueue(missing, passive: true) }
            #expect(error.code == .notFound)
            #expect(error.message.contains(missing))
            let ending = try await amqpError { for try await _ in consumer {} }
            #expect(ending.code == .channelClosed)
            #expect(ending.replyCode == 404)
        }
    }

    @Test func ownCloseEndsConsumersAsConnectionClosed() async throws {
        try await TestBroker.withQueue { connection, queue in
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            await connection.close()
            await connection.close()
            let error = try await amqpError { for try await _ in consumer {} }
            #expect(error.code == .connectionClosed)
            #expect(!error.isRetryable)
        }
    }

    @Test func missingQueueAndBadPrefetchAreRefused() async throws {
        let connection = try await TestBroker.open()
        let prefetch = try await amqpError { _ = try await connection.consume(queue: "any", prefetch: 0) }
        #expect(prefetch.code == .invalidArgument)
        let missing = TestBroker.uniqueName("missing")
        let error = try await amqpError { _ = try await connection.consume(queue: missing, prefetch: 1) }
        #expect(error.code == .notFound)
        #expect(error.message.contains("consuming from queue \(missing)"))
    }

    private func next(_ connection: BrokerConnection, _ queue: String) async throws -> Delivery {
        let consumer = try await connection.consume(queue: queue, prefetch: 1)
        var deliveries = consumer.makeAsyncIterator()
        return try #require(try await deliveries.next())
    }

    /// How many messages a fresh consumer gets: requeued ones are counted as ready a moment late.
    private func drainedCount(_ connection: BrokerConnection, _ queue: String) async throws -> Int {
        try await connection.publish(TestBroker.message(queue, "end"))
        let consumer = try await connection.consume(queue: queue, prefetch: 100)
        var bodies: [String] = []
        for try await delivery in consumer {
            bodies.append(String(decoding: delivery.body, as: UTF8.self))
            try await delivery.ack()
            if bodies.count == 10 { break }
        }
        try await consumer.cancel()
        return bodies.count { $0 != "end" }
    }
}
