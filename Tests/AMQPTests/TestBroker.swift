import Foundation
import Testing

@testable import AMQP

extension Trait where Self == ConditionTrait {
    /// Skips without AMQP_URL; with CI=true the test runs and fails on the missing address instead.
    static var requiresBroker: Self {
        let environment = ProcessInfo.processInfo.environment
        return .enabled(
            if: environment["AMQP_URL"] != nil || environment["CI"] == "true",
            "set AMQP_URL, e.g. to what `scripts/rabbitmq start DIR PORT` prints, to run")
    }
}

/// The broker that all tests share, and names that are one test's own.
enum TestBroker {
    static var address: BrokerAddress {
        get throws {
            let url = try #require(ProcessInfo.processInfo.environment["AMQP_URL"], "AMQP_URL is not set")
            return try BrokerAddress(url)
        }
    }

    static func uniqueName(_ purpose: String) -> String {
        "sheaf.test.\(purpose).\(UInt64.random(in: 0 ... .max))"
    }

    static func open(_ name: String = "sheaf-tests", timeouts: BrokerTimeouts = BrokerTimeouts()) async throws -> BrokerConnection
    {
        try await BrokerConnection.open(try address, name: name, timeouts: timeouts)
    }

    /// Runs the body with a connection and a queue that is deleted on every way out.
    static func withQueue<Value>(
        _ arguments: HeaderTable = ["x-queue-type": "quorum"],
        _ body: (BrokerConnection, String) async throws -> Value
    ) async throws -> Value {
        let connection = try await open()
        let queue = uniqueName("queue")
        try await connection.declareQueue(queue, arguments: arguments)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(connection, queue))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        // The body may have ended its connection on purpose.
        let cleaner = try await open()
        try await cleaner.deleteQueue(queue)
        await cleaner.close()
        return try result.get()
    }

    static func message(
        _ queue: String, _ text: String, mandatory: Bool = true, id: String? = nil
    ) -> OutgoingMessage {
        OutgoingMessage(
            exchange: "", routingKey: queue, properties: MessageProperties(messageID: id), body: Array(text.utf8),
            mandatory: mandatory)
    }
}

/// The error that the body throws, recorded as an issue when it throws none.
func amqpError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> AMQPError {
    let error = await #expect(throws: AMQPError.self, sourceLocation: sourceLocation) { try await body() }
    return try #require(error, sourceLocation: sourceLocation)
}
