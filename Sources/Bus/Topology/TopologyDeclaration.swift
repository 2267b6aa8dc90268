package import AMQP

extension Topology {
    /// Declares everything, and takes away the bindings of earlier versions. Repeating it changes nothing.
    ///
    /// - Throws: `AMQPError.preconditionFailed` naming what differs when a queue stands with other arguments.
    package func declare(on connection: BrokerConnection) async throws(AMQPError) {
        for exchange in exchanges { try await exchange.declare(on: connection) }
        for queue in queues { try await queue.declare(on: connection) }
        for binding in bindings { try await binding.declare(on: connection) }
        for binding in Self.formerBindings {
            try await connection.unbindQueue(binding.queue, from: binding.exchange, routingKey: binding.key)
        }
    }
}

extension Topology.Exchange {
    func declare(on connection: BrokerConnection, passive: Bool = false) async throws(AMQPError) {
        try await connection.declareExchange(name, type: kind.rawValue, passive: passive)
    }
}

extension Topology.Queue {
    func declare(on connection: BrokerConnection, passive: Bool = false) async throws(AMQPError) {
        try await connection.declareQueue(name, passive: passive, arguments: arguments.mapValues(\.header))
    }
}

extension Topology.Binding {
    func declare(on connection: BrokerConnection) async throws(AMQPError) {
        try await connection.bindQueue(queue, to: exchange, routingKey: key)
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
