import Glibc
import Runtime
import Testing

@testable import AMQP

/// What happens when the broker stops, dies, freezes, runs short or loses patience; one at a time, each starts its own.
@Suite(.requiresBroker, .serialized, .timeLimit(.minutes(3)))
struct FaultTests {
    private let quorum: HeaderTable = ["x-queue-type": "quorum"]

    @Test func stoppedBrokerEndsEverythingThatWaits() async throws {
        try await OwnBroker.run { broker in
            let connection = try await BrokerConnection.open(broker.address, name: "tests")
            try await connection.declareQueue("q", arguments: quorum)
            try await connection.publish(TestBroker.message("q", "a"))
            let consumer = try await connection.consume(queue: "q", prefetch: 5)
            var deliveries = consumer.makeAsyncIterator()
            let held = try #require(try await deliveries.next())
            let waiting = Task { for try await _ in consumer {} }
            try await broker.stop()
            let ending = try await amqpError { try await waiting.value }
            #expect(ending.code == .connectionClosed, "\(ending)")
            #expect(ending.replyCode == 320)
            for error in [
                ending,
                try await amqpError { try await connection.publish(TestBroker.message("q", "x")) },
                try await amqpError { try await held.ack() },
                try await amqpError { try await connection.declareQueue("q", passive: true) },
                try await amqpError { _ = try await BrokerConnection.open(broker.address, name: "tests") },
            ] {
                #expect(error.isRetryable, "\(error)")
            }
            await connection.close()
        }
    }

    @Test func killedBrokerLeavesNoPublishWaitingAndReconnectingGetsTheHeldMessageAgain() async throws {
        try await OwnBroker.run { broker in
            var rounds = 0
            let text = try await withReconnection(
                to: broker.address, name: "tests", backoff: Backoff(base: .milliseconds(50), cap: .seconds(1))
            ) { connection in
                rounds += 1
                try await connection.declareQueue("q", arguments: ["x-queue-type": "classic"])
                if rounds == 1 { try await connection.publish(TestBroker.message("q", "precious")) }
                let consumer = try await connection.consume(queue: "q", prefetch: 1)
                var deliveries = consumer.makeAsyncIterator()
                let delivery = try #require(try await deliveries.next())
                if rounds == 1 {
                    // A queue declared less than a second before the kill may not be on the broker's disk yet: let it sync.
                    try await broker.control("eval", "mnesia:sync_log().")
                    try broker.send(SIGKILL)
                    let outcomes = await connection.outcomes(of: (0..<100).map { TestBroker.message("q", "\($0)") })
                    #expect(outcomes.last??.code == .connectionLost)
                    try await broker.start()
                } else {
                    #expect(delivery.isRedelivered)
                }
                try await delivery.ack()
                return String(decoding: delivery.body, as: UTF8.self)
            }
            #expect(text == "precious")
            #expect(rounds == 2)
        }
    }

    @Test func frozenBrokerEndsPublishesByTheirDeadlineAndTheConnectionByItsHeartbeat() async throws {
        try await OwnBroker.run { broker in
            var address = broker.address
            address.heartbeat = 2
            let timeouts = BrokerTimeouts(connect: .seconds(1), publish: .seconds(1))
            let connection = try await BrokerConnection.open(address, name: "tests", timeouts: timeouts)
            try await connection.declareQueue("q", arguments: quorum)
            let consumer = try await connection.consume(queue: "q", prefetch: 1)
            try broker.send(SIGSTOP)
            let start = ContinuousClock.now
            let small = try await amqpError { try await connection.publish(TestBroker.message("q", "small")) }
            #expect(small.code == .timedOut)
            #expect(.now - start < .seconds(5))
            let ending = try await amqpError { for try await _ in consumer {} }
            #expect(ending.code == .connectionLost)
            #expect(.now - start < .seconds(12))
            let opening = try await amqpError {
                _ = try await BrokerConnection.open(address, name: "tests", timeouts: timeouts)
            }
            #expect(opening.code == .unreachable)
        }
    }

    /// More bytes than any socket buffer holds: librabbitmq is in the middle of a message when the broker stops reading.
    @Test func publishStuckInTheMiddleOfAMessageIsCutOff() async throws {
        try await OwnBroker.run { broker in
            let timeouts = BrokerTimeouts(publish: .seconds(2))
            let connection = try await BrokerConnection.open(broker.address, name: "tests", timeouts: timeouts)
            try await connection.declareQueue("q", arguments: quorum)
            try broker.send(SIGSTOP)
            let start = ContinuousClock.now
            let huge = OutgoingMessage(
                exchange: "", routingKey: "q", body: [UInt8](repeating: 7, count: 100_000_000), mandatory: true)
            let outcomes = await connection.outcomes(of: [huge, TestBroker.message("q", "behind")])
            #expect(.now - start < .seconds(8))
            #expect(outcomes.map { $0?.code } == [.connectionLost, .connectionLost])
            #expect(outcomes.first??.message.contains("was cut off") == true)
            #expect(!connection.isOpen)
        }
    }

    @Test func alarmIsToldByThePublishesItHoldsUpAndEndsWithoutLoss() async throws {
        try await OwnBroker.run { broker in
            let timeouts = BrokerTimeouts(publish: .seconds(2))
            let connection = try await BrokerConnection.open(broker.address, name: "tests", timeouts: timeouts)
            try await connection.declareQueue("q", arguments: quorum)
            try await broker.control("set_vm_memory_high_watermark", "0.00001")
            // The first is read before the broker says that it is blocked; it is confirmed after the alarm.
            let outcomes = await connection.outcomes(of: (0..<3).map { TestBroker.message("q", "\($0)") })
            #expect(outcomes.last??.code == .timedOut)
            let error = try await amqpError { try await connection.publish(TestBroker.message("q", "later")) }
            #expect(error.code == .timedOut)
            #expect(error.message.contains("was not sent"))
            #expect(error.message.contains("takes no publishes"))
            #expect(connection.blockedReason != nil)
            #expect(connection.isOpen)
            try await broker.control("set_vm_memory_high_watermark", "0.4")
            try await connection.declareQueue("q", arguments: quorum)
            try await connection.publish(TestBroker.message("q", "after"))
            #expect(connection.blockedReason == nil)
            await connection.close()
        }
    }

    @Test func unacknowledgedTooLongIsItsOwnError() async throws {
        let settings = "[{rabbit, [{consumer_timeout, 1000}, {channel_tick_interval, 500}]}]."
        try await OwnBroker.run(settings: settings) { broker in
            let connection = try await BrokerConnection.open(broker.address, name: "tests")
            try await connection.declareQueue("q", arguments: quorum)
            try await connection.publish(TestBroker.message("q", "a"))
            let consumer = try await connection.consume(queue: "q", prefetch: 1)
            let error = try await amqpError {
                // Held, not settled, until the sequence ends.
                var held: [Delivery] = []
                for try await delivery in consumer { held.append(delivery) }
            }
            #expect(error.code == .acknowledgementTimeout)
            #expect(error.isRetryable)
            #expect(error.message.contains("consumer_timeout"))
            #expect(!connection.isOpen)
        }
    }
}
