import Testing

@testable import AMQP

struct DeliveryBufferTests {
    private let mailbox: Mailbox

    init() throws {
        mailbox = try Mailbox()
    }

    private func delivery(_ tag: UInt64) -> Delivery {
        let start = MessageStart.delivery(
            consumerTag: "c", deliveryTag: tag, isRedelivered: false, exchange: "", routingKey: "q")
        return Delivery(
            MessageAssembler.Message(start: start, properties: MessageProperties(), body: []), tag: tag, queue: "q",
            mailbox: mailbox)
    }

    @Test func deliveriesComeInOrderAndThenTheErrorForEver() async throws {
        let buffer = DeliveryBuffer(queue: "q")
        #expect(buffer.offer(delivery(1)))
        #expect(buffer.offer(delivery(2)))
        #expect(try await buffer.next().get()?.tag == 1)
        #expect(try await buffer.next().get()?.tag == 2)
        _ = buffer.end(AMQPError(.connectionLost, "gone"))
        for _ in 0..<2 {
            await #expect(throws: AMQPError(.connectionLost, "gone")) { try await buffer.next().get() }
        }
        #expect(!buffer.offer(delivery(3)))
    }

    @Test func endingHandsBackWhatNobodyTook() async throws {
        let buffer = DeliveryBuffer(queue: "q")
        _ = buffer.offer(delivery(1))
        _ = buffer.offer(delivery(2))
        #expect(buffer.end(nil).map(\.tag) == [1, 2])
        #expect(try await buffer.next().get() == nil)
    }

    @Test func cancelledTaskEndsItsOwnWaitOnly() async throws {
        let buffer = DeliveryBuffer(queue: "q")
        let cancelled = Task { try await buffer.next().get()?.tag }
        cancelled.cancel()
        #expect(try await cancelled.value == nil)
        let other = Task { try await buffer.next().get()?.tag }
        #expect(buffer.offer(delivery(7)))
        #expect(try await other.value == 7)
    }

    @Test func waitersShareTheDeliveries() async throws {
        let buffer = DeliveryBuffer(queue: "q")
        let tags = try await withThrowingTaskGroup(of: UInt64?.self) { group in
            for _ in 0..<20 { group.addTask { try await buffer.next().get()?.tag } }
            for tag in 1...20 { _ = buffer.offer(delivery(UInt64(tag))) }
            return try await group.reduce(into: Set<UInt64>()) { if let tag = $1 { $0.insert(tag) } }
        }
        #expect(tags == Set(1...20))
    }

    @Test func settlingWithoutAConnectionFailsAndASecondTimeIsRefused() async {
        mailbox.close(AMQPError(.connectionLost, "gone"))
        let delivery = delivery(1)
        await #expect { try await delivery.ack() } throws: { ($0 as? AMQPError)?.code == .connectionLost }
        await #expect { try await delivery.nack(requeue: true) } throws: { ($0 as? AMQPError)?.code == .alreadySettled }
        #expect(!delivery.isSettleable)
    }
}
