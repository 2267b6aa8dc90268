import AMQP
import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// The proxy of the chaos tests does what it is told: a connection through it works, and suffers.
    @Suite(.timeLimit(.minutes(1))) struct FaultProxyTests {
        @Test(arguments: FaultProxy.Cut.allCases) func aCutEndsTheConnection(_ how: FaultProxy.Cut) async throws {
            try await withProxy { proxy, connection in
                let waiting = try await consumer(on: connection)
                proxy.order(.cutAll(how))
                try await expectLost { for try await _ in waiting {} }
            }
        }

        @Test func aConnectionIsCutAfterSoManyBytes() async throws {
            try await withProxy { proxy, connection in
                proxy.order(.cutOne(.reset, afterBytes: 5_000))
                try await publish(1_000, on: connection)
                try await expectLost { try await publish(10_000, on: connection) }
            }
        }

        @Test func aShortStallIsBorneAndALongOneIsNot() async throws {
            try await withProxy { proxy, connection in
                let start = ContinuousClock.now
                proxy.order(.stall(.milliseconds(1_500)))
                try await publish(10, on: connection)
                #expect(.now - start > .seconds(1))
                proxy.order(.stall(.seconds(20)))
                // Twice its heartbeat of 2 s.
                try await expectLost { try await publish(10, on: connection) }
                #expect(.now - start < .seconds(15))
            }
        }

        @Test func refusedConnectionsComeThroughLater() async throws {
            try await withProxy { proxy, connection in
                proxy.order(.refuse(.seconds(1)))
                // What stands goes on; its answer shows that the order was obeyed.
                try await publish(10, on: connection)
                let error = try await #require(throws: AMQPError.self) { _ = try await open(proxy) }
                #expect(error.code == .unreachable)
                let later = try await withReconnection(
                    to: try address(proxy), name: "sheaf-tests", backoff: Backoff(cap: .milliseconds(100))
                ) { $0.isOpen }
                #expect(later)
            }
        }

        @Test func aTricklePassesEverythingSlowly() async throws {
            try await withProxy { proxy, connection in
                let start = ContinuousClock.now
                proxy.order(.trickle(.milliseconds(800)))
                try await publish(50_000, on: connection)
                #expect(.now - start > .milliseconds(700))
                #expect(proxy.passedBytes > 50_000)
            }
        }

        private func withProxy(_ body: (FaultProxy, BrokerConnection) async throws -> Void) async throws {
            let proxy = try FaultProxy(to: Int(try BrokerAddress(try Broker.url()).port))
            defer { proxy.close() }
            let connection = try await open(proxy)
            #expect(proxy.openConnections == 1)
            try await body(proxy, connection)
            await connection.close()
        }

        private func address(_ proxy: FaultProxy) throws -> BrokerAddress {
            var address = try BrokerAddress(try Broker.url())
            (address.host, address.port, address.heartbeat) = ("127.0.0.1", UInt16(proxy.port), 2)
            return address
        }

        private func open(_ proxy: FaultProxy) async throws -> BrokerConnection {
            try await BrokerConnection.open(try address(proxy), name: "sheaf-tests")
        }

        private func consumer(on connection: BrokerConnection) async throws -> Consumer {
            let queue = try await connection.declareQueue("", durable: false, exclusive: true).name
            return try await connection.consume(queue: queue, prefetch: 1)
        }

        /// Confirmed, and dropped by the broker since no queue wants it.
        private func publish(_ size: Int, on connection: BrokerConnection) async throws {
            try await connection.publish(
                OutgoingMessage(
                    exchange: "amq.topic", routingKey: "nobody", body: [UInt8](repeating: 1, count: size), mandatory: false))
        }

        private func expectLost(_ body: () async throws -> Void) async throws {
            let error = await #expect(throws: AMQPError.self) { try await body() }
            #expect(error?.code == .connectionLost, "\(error?.message ?? "")")
        }
    }
}
