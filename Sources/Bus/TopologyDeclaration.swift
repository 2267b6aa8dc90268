package import AMQP

extension Topology {
    /// Declares everything. Repeating it changes nothing.
    ///
    /// - Throws: `AMQPError.preconditionFailed` naming what differs when a queue stands with other arguments.
    package func declare(on connection: BrokerConnection) async throws(AMQPError) {
        for exchange in exchanges { try await connection.declareExchange(exchange.name, type: exchange.kind.rawValue) }
        for queue in queues {
            try await connection.declareQueue(queue.name, arguments: queue.arguments.mapValues(\.header))
        }
        for binding in bindings {
            try await connection.bindQueue(binding.queue, to: binding.exchange, routingKey: binding.key)
        }
    }

    /// Looks whether everything is there that this program reads or writes.
    ///
    /// - Throws: `AMQPError.notFound` with the command that declares it.
    package func check(on connection: BrokerConnection) async throws(AMQPError) {
        do throws(AMQPError) {
            for exchange in exchanges {
                try await connection.declareExchange(exchange.name, type: exchange.kind.rawValue, passive: true)
            }
            for queue in queues { try await connection.declareQueue(queue.name, passive: true) }
        } catch {
            guard error.code == .notFound else { throw error }
            throw AMQPError(.notFound, "\(error.message); declare what is missing with: sheaf topology apply", isRetryable: true)
        }
    }
}

extension Topology.Argument {
    var header: HeaderValue {
        switch self {
        case .text(let text): .string(text)
        case .number(let number): .integer(Int64(number))
        }
    }
}
