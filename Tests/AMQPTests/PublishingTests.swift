import Foundation
import Testing

@testable import AMQP

@Suite(.requiresBroker, .timeLimit(.minutes(2)))
struct PublishingTests {
    @Test(arguments: ["quorum", "classic"])
    func confirmedMessageIsInTheQueueWithAllItsProperties(type: String) async throws {
        try await TestBroker.withQueue(["x-queue-type": .string(type)]) { connection, queue in
            let properties = MessageProperties(
                contentType: "text/plain", contentEncoding: "identity", messageID: "m-1", correlationID: "c-1",
                replyTo: "r", type: "t", timestamp: Date(timeIntervalSince1970: 1_764_000_000), appID: "tests",
                userID: connection.address.user, expiration: "600000", priority: 3,
                headers: ["a": 1, "b": .table(["c": .array([true, "x"])]), "d": .bytes([0, 1])])
            try await connection.publish(
                OutgoingMessage(
                    exchange: "", routingKey: queue, properties: properties, body: Array("grüße".utf8), mandatory: true))
            let state = try await connection.declareQueue(queue, passive: true)
            #expect(state.messages == 1)
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            let delivery = try #require(try await first(of: consumer))
            #expect(String(decoding: delivery.body, as: UTF8.self) == "grüße")
            #expect(delivery.properties == properties)
            #expect(delivery.routingKey == queue)
            #expect(delivery.exchange == "")
            #expect(!delivery.isRedelivered)
            #expect(delivery.deliveryCount == nil)
            try await delivery.ack()
        }
    }

    @Test func mandatoryMessageWithoutAQueueIsReturnedNamingExchangeAndKey() async throws {
        try await TestBroker.withQueue { connection, queue in
            let lost = OutgoingMessage(
                exchange: "amq.topic", routingKey: "nobody.\(queue)", properties: MessageProperties(messageID: "m-7"), body: [1],
                mandatory: true)
            let error = try await amqpError { try await connection.publish(lost) }
            #expect(error.code == .returned)
            #expect(!error.isRetryable)
            #expect(error.replyCode == 312)
            #expect(error.message.contains("m-7"))
            #expect(error.message.contains("amq.topic"))
            #expect(error.message.contains("nobody.\(queue)"))
            var dropped = lost
            dropped.mandatory = false
            try await connection.publish(dropped)
        }
    }

    @Test func returnsAmongManyPublishesHitTheRightMessages() async throws {
        try await TestBroker.withQueue { connection, queue in
            let messages = (0..<300).map { number in
                TestBroker.message(number % 7 == 0 ? "nobody.\(queue)" : queue, "\(number)", id: "m-\(number)")
            }
            let outcomes = await connection.outcomes(of: messages)
            for (number, outcome) in outcomes.enumerated() {
                #expect(outcome?.code == (number % 7 == 0 ? .returned : nil), "message \(number)")
                if let outcome { #expect(outcome.message.contains("m-\(number) ")) }
            }
            let messagesThere = try await connection.declareQueue(queue, passive: true).messages
            #expect(messagesThere == outcomes.count { $0 == nil })
        }
    }

    @Test func thousandMessagesArriveInOrderOfCall() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish((0..<1000).map { TestBroker.message(queue, "\($0)") })
            let consumer = try await connection.consume(queue: queue, prefetch: 100)
            var number = 0
            for try await delivery in consumer {
                #expect(String(decoding: delivery.body, as: UTF8.self) == "\(number)")
                try await delivery.ack()
                number += 1
                if number == 1000 { break }
            }
            try await consumer.cancel()
            #expect(try await connection.declareQueue(queue, passive: true).messages == 0)
        }
    }

    @Test func manyTasksPublishAtOnce() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<50 {
                    group.addTask {
                        for number in 0..<20 { try await connection.publish(TestBroker.message(queue, "\(task)-\(number)")) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await connection.declareQueue(queue, passive: true).messages == 1000)
        }
    }

    @Test func fiveMegabytesComeBackUnchanged() async throws {
        try await TestBroker.withQueue { connection, queue in
            let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
            try await connection.publish(OutgoingMessage(exchange: "", routingKey: queue, body: body, mandatory: true))
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            let delivery = try #require(try await first(of: consumer))
            #expect(delivery.body == body)
            try await delivery.ack()
        }
    }

    @Test func emptyBodyComesBackEmpty() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish(TestBroker.message(queue, ""))
            let consumer = try await connection.consume(queue: queue, prefetch: 1)
            let delivery = try #require(try await first(of: consumer))
            #expect(delivery.body.isEmpty)
            try await delivery.reject(requeue: false)
        }
    }

    @Test func fullQueueNacks() async throws {
        let arguments: HeaderTable = ["x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"]
        try await TestBroker.withQueue(arguments) { connection, queue in
            let outcomes = await connection.outcomes(of: (0..<20).map { TestBroker.message(queue, "\($0)") })
            #expect(outcomes.first == .some(nil))
            let error = try #require(outcomes.last ?? nil)
            #expect(error.code == .nacked)
            #expect(error.isRetryable)
        }
    }

    @Test func missingExchangeFailsThePublishAndEndsTheConnection() async throws {
        try await TestBroker.withQueue { connection, queue in
            let exchange = TestBroker.uniqueName("missing")
            let outcomes = await connection.outcomes(of: [
                TestBroker.message(queue, "before"),
                OutgoingMessage(exchange: exchange, routingKey: "k", body: [], mandatory: true),
            ])
            let error = try #require(outcomes.last ?? nil)
            #expect(error.code == .notFound)
            #expect(error.message.contains(exchange))
            #expect(outcomes[0] == nil || outcomes[0]?.isRetryable == true)
            let later = try await amqpError { try await connection.publish(TestBroker.message(queue, "after")) }
            #expect(later.code == .channelClosed)
            #expect(!connection.isOpen)
        }
    }

    @Test func messageThatCannotBeEncodedFailsAlone() async throws {
        try await TestBroker.withQueue { connection, queue in
            let long = String(repeating: "x", count: 300)
            var message = TestBroker.message(queue, "a")
            message.properties.headers = ["big": .string(String(repeating: "x", count: 200_000))]
            let outcomes = await connection.outcomes(of: [
                message, OutgoingMessage(exchange: "", routingKey: long, body: [], mandatory: true),
                TestBroker.message(queue, "b"),
            ])
            #expect(outcomes.map { $0?.code } == [.invalidArgument, .invalidArgument, nil])
        }
    }

    private func first(of consumer: Consumer) async throws -> Delivery? {
        var iterator = consumer.makeAsyncIterator()
        return try await iterator.next()
    }
}
