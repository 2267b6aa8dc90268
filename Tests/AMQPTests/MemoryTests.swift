import Foundation
import Testing

@testable import AMQP

/// What deliveries leave in this process's memory; other tests of the module use some megabytes meanwhile.
@Suite(.requiresBroker, .serialized, .timeLimit(.minutes(3)))
struct MemoryTests {
    private static let bound = 64 << 20

    /// The broker's own limit is 128 MiB: what anybody who can publish can make us meet.
    @Test func aHostileMessageTakesNoMemory() async throws {
        try await TestBroker.withQueue(["x-queue-type": "classic"]) { connection, queue in
            let size = 128 << 20
            try await connection.publish(
                OutgoingMessage(
                    exchange: "", routingKey: queue, properties: MessageProperties(messageID: "huge"),
                    body: [UInt8](repeating: 7, count: size), mandatory: true))
            try await connection.publish(TestBroker.message(queue, "small"))
            let before = try Self.resetPeak()
            let consumer = try await connection.consume(queue: queue, prefetch: 2)
            var deliveries = consumer.makeAsyncIterator()
            let huge = try #require(try await deliveries.next())
            #expect(huge.isTruncated && huge.body.isEmpty && huge.bodySize == UInt64(size))
            #expect(huge.maximumBodySize == BrokerConnection.defaultMaximumBodySize)
            #expect(huge.properties.messageID == "huge")
            let small = try #require(try await deliveries.next())
            #expect(!small.isTruncated && small.bodySize == 5)
            try await small.ack()
            #expect(try Self.peak() - before < Self.bound)
            try await huge.reject(requeue: false)
        }
    }

    /// The body is with the broker still, so that its dead letter is whole.
    @Test func aRejectedTruncatedMessageIsAWholeDeadLetter() async throws {
        try await TestBroker.withQueue { _, dead in
            let arguments: HeaderTable = [
                "x-queue-type": "quorum", "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(dead),
            ]
            try await TestBroker.withQueue(arguments) { connection, queue in
                let text = String(repeating: "x", count: 1001)
                try await connection.publish(TestBroker.message(queue, text))
                try await connection.publish(TestBroker.message(queue, String(text.dropLast())))
                let consumer = try await connection.consume(queue: queue, prefetch: 2, maximumBodySize: 1000)
                var deliveries = consumer.makeAsyncIterator()
                let large = try #require(try await deliveries.next())
                #expect(large.isTruncated && large.bodySize == 1001 && large.maximumBodySize == 1000)
                let fitting = try #require(try await deliveries.next())
                #expect(!fitting.isTruncated && fitting.body.count == 1000)
                try await large.reject(requeue: false)
                let letters = try await connection.consume(queue: dead, prefetch: 1)
                var iterator = letters.makeAsyncIterator()
                let letter = try #require(try await iterator.next())
                #expect(letter.body == Array(text.utf8))
                try await letter.ack()
            }
        }
    }

    /// librabbitmq keeps every frame until it is told to let go: 44 MiB for 10,000 of these deliveries.
    @Test func thirtyThousandDeliveriesLeaveNothingBehind() async throws {
        try await TestBroker.withQueue(["x-queue-type": "classic"]) { publishing, queue in
            let consuming = try await TestBroker.open()
            let consumer = try await consuming.consume(queue: queue, prefetch: 100)
            var deliveries = consumer.makeAsyncIterator()
            let body = [UInt8](repeating: 7, count: 4096)
            var before = 0
            for round in 0..<30 {
                if round == 1 { before = try Self.resetPeak() }
                let messages = (0..<1000).map { _ in
                    OutgoingMessage(exchange: "", routingKey: queue, body: body, mandatory: true)
                }
                async let published: Void = publishing.publish(messages)
                for _ in 0..<1000 { try await deliveries.next()?.ack() }
                try await published
            }
            #expect(try Self.peak() - before < Self.bound)
            await consuming.close()
        }
    }

    /// - Returns: bytes resident now; the peak counts from here.
    private static func resetPeak() throws -> Int {
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        return try peak()
    }

    /// The high-water mark of the resident memory in bytes.
    private static func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) * 1024
    }
}
