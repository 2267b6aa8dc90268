import Testing

@testable import AMQP

struct MessageAssemblerTests {
    private let start = MessageStart.delivery(
        consumerTag: "c", deliveryTag: 1, isRedelivered: false, exchange: "e", routingKey: "k")

    @Test func bodyIsJoinedFromItsFrames() throws {
        var assembler = MessageAssembler()
        try assembler.begin(start)
        #expect(try assembler.addHeader(MessageProperties(type: "t"), bodySize: 5, limit: 5) == nil)
        #expect(try assembler.addBody([1, 2]) == nil)
        let message = try assembler.addBody([3, 4, 5])
        #expect(message?.body == [1, 2, 3, 4, 5])
        #expect(message?.properties.type == "t")
    }

    @Test func emptyBodyIsCompleteWithItsHeader() throws {
        var assembler = MessageAssembler()
        for _ in 0..<2 {
            try assembler.begin(start)
            #expect(try assembler.addHeader(MessageProperties(), bodySize: 0, limit: 5)?.body == [])
        }
    }

    @Test func framesOutOfOrderAreAnError() throws {
        var assembler = MessageAssembler()
        #expect(throws: AMQPError.self) { try assembler.addBody([1]) }
        #expect(throws: AMQPError.self) { try assembler.addHeader(MessageProperties(), bodySize: 1, limit: 5) }
        try assembler.begin(start)
        #expect(throws: AMQPError.self) { try assembler.begin(start) }
        _ = try assembler.addHeader(MessageProperties(), bodySize: 1, limit: 5)
        #expect(throws: AMQPError.self) { try assembler.addBody([1, 2]) }
    }
}
