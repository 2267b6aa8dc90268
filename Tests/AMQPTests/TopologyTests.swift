import Runtime
import Testing

@testable import AMQP

@Suite(.requiresBroker, .timeLimit(.minutes(2)))
struct TopologyTests {
    @Test func declaringTwiceIsTheSameAndCountsAreTold() async throws {
        try await TestBroker.withQueue { connection, queue in
            try await connection.publish((0..<3).map { TestBroker.message(queue, "\($0)") })
            let state = try await connection.declareQueue(queue, arguments: ["x-queue-type": "quorum"])
            #expect(state == BrokerConnection.QueueState(name: queue, messages: 3, consumers: 0))
            #expect(try await connection.purgeQueue(queue) == 3)
            #expect(try await connection.deleteQueue(queue) == 0)
            #expect(try await connection.deleteQueue(queue) == 0)
        }
    }

    @Test func anotherArgumentIsRefusedSayingWhichAndHowToFix() async throws {
        try await TestBroker.withQueue { connection, queue in
            let error = try await amqpError {
                try await connection.declareQueue(queue, arguments: ["x-queue-type": "quorum", "x-max-length": 5])
            }
            #expect(error.code == .preconditionFailed)
            #expect(!error.isRetryable)
            #expect(error.replyCode == 406)
            #expect(error.message.contains(queue))
            #expect(error.message.contains("'x-max-length'"))
            #expect(error.message.contains("rabbitmqctl delete_queue"))
            #expect(!connection.isOpen)
        }
    }

    @Test func bindingsRouteUntilTheyAreRemoved() async throws {
        try await TestBroker.withQueue { connection, queue in
            let exchange = TestBroker.uniqueName("exchange")
            try await connection.declareExchange(exchange, type: "topic")
            try await connection.declareExchange(exchange, type: "topic", passive: true)
            try await connection.bindQueue(queue, to: exchange, routingKey: "a.#")
            let message = OutgoingMessage(exchange: exchange, routingKey: "a.b", body: [1], mandatory: true)
            try await connection.publish(message)
            try await connection.unbindQueue(queue, from: exchange, routingKey: "a.#")
            let error = try await amqpError { try await connection.publish(message) }
            #expect(error.code == .returned)
            try await connection.deleteExchange(exchange)
            #expect(try await connection.declareQueue(queue, passive: true).messages == 1)
        }
    }

    @Test func exclusiveQueueIsLockedForOthers() async throws {
        let owner = try await TestBroker.open()
        let queue = try await owner.declareQueue("", durable: false, exclusive: true).name
        #expect(queue.hasPrefix("amq.gen-"))
        let other = try await TestBroker.open()
        let error = try await amqpError { try await other.declareQueue(queue, passive: true) }
        #expect(error.code == .resourceLocked)
        await owner.close()
    }

    @Test func expiredMessagesAreDeadLetteredWithTheirHistory() async throws {
        try await TestBroker.withQueue { connection, dead in
            let arguments: HeaderTable = [
                "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(dead), "x-message-ttl": 1,
            ]
            try await TestBroker.withQueue(arguments) { _, queue in
                try await connection.publish(TestBroker.message(queue, "a"))
                let consumer = try await connection.consume(queue: dead, prefetch: 1)
                var deliveries = consumer.makeAsyncIterator()
                let delivery = try #require(try await deliveries.next())
                guard case .array(let deaths) = delivery.properties.headers["x-death"],
                    case .table(let death) = deaths.first, case .timestamp = death["time"]
                else {
                    Issue.record("no x-death in \(delivery.properties.headers)")
                    return
                }
                #expect(death["reason"]?.string == "expired")
                #expect(death["count"]?.integer == 1)
                #expect(death["queue"]?.string == queue)
                try await delivery.ack()
            }
        }
    }
}
