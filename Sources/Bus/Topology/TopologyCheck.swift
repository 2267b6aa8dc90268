package import AMQP

/// What a look at a broker's exchanges, queues and bindings came to when nothing was amiss.
package struct TopologyCheck: Sendable, Equatable {
    /// Why arguments and bindings were not looked at; nil: they were.
    package var gap: String?
}

extension Topology {
    /// Looks whether everything is there that this program reads or writes, and whether it is as it should be.
    ///
    /// First each name, on the connection that is given. RabbitMQ compares no arguments then, so each object is declared once more on a
    /// connection of its own, which changes nothing where it is equal. A user who may not declare compares nothing.
    /// - Throws: `AMQPError`: `.notFound` with the command that declares what is missing, `.preconditionFailed` naming all that differs.
    @discardableResult
    package func check(on connection: BrokerConnection) async throws(AMQPError) -> TopologyCheck {
        do throws(AMQPError) {
            for exchange in exchanges { try await exchange.declare(on: connection, passive: true) }
            for queue in queues { try await queue.declare(on: connection, passive: true) }
        } catch {
            throw Self.missing(error)
        }
        return try await compare(at: connection.address)
    }

    /// Queues of earlier versions that are still there, each looked for on a connection of its own, which a missing one ends.
    package static func surplus(at address: BrokerAddress) async throws(AMQPError) -> [String] {
        var found: [String] = []
        for queue in former {
            let connection = try await BrokerConnection.open(address, name: "sheaf topology surplus")
            do throws(AMQPError) {
                try await connection.declareQueue(queue, passive: true)
                found.append(queue)
            } catch {
                guard [.notFound, .accessRefused].contains(error.code) else { throw error }
            }
            await connection.close()
        }
        return found
    }

    /// What is missing somebody may declare: a program waits for it, also when it was deleted between two looks.
    private static func missing(_ error: AMQPError) -> AMQPError {
        guard error.code == .notFound else { return error }
        return AMQPError(.notFound, "\(error.message); declare what is missing with: sheaf topology apply", isRetryable: true)
    }

    /// A binding cannot be compared, but it can be made again: one that is missing comes back.
    private func compare(at address: BrokerAddress) async throws(AMQPError) -> TopologyCheck {
        var comparison = Comparison(address: address)
        do throws(AMQPError) {
            for exchange in exchanges {
                try await comparison.attempt { (connection) throws(AMQPError) in try await exchange.declare(on: connection) }
            }
            for queue in queues {
                try await comparison.attempt { (connection) throws(AMQPError) in try await queue.declare(on: connection) }
            }
            try comparison.throwDifferences()
            for binding in bindings {
                try await comparison.attempt { (connection) throws(AMQPError) in try await binding.declare(on: connection) }
            }
        } catch {
            await comparison.close()
            guard error.code == .accessRefused else { throw Self.missing(error) }
            try comparison.throwDifferences()
            return TopologyCheck(gap: "this user may not declare, so arguments and bindings were not compared: \(error.message)")
        }
        await comparison.close()
        return TopologyCheck(gap: nil)
    }
}

/// Declarations one after the other. A refused one ends its connection, so that each difference costs another.
private struct Comparison {
    private let address: BrokerAddress
    private var connection: BrokerConnection?
    private var differences: [String] = []

    init(address: BrokerAddress) { self.address = address }

    /// - Throws: everything but a difference, which is kept.
    mutating func attempt(_ declare: (BrokerConnection) async throws(AMQPError) -> Void) async throws(AMQPError) {
        let current: BrokerConnection
        if let connection {
            current = connection
        } else {
            current = try await BrokerConnection.open(address, name: "sheaf topology check")
            connection = current
        }
        do throws(AMQPError) {
            try await declare(current)
        } catch {
            connection = nil
            guard error.code == .preconditionFailed else { throw error }
            differences.append(error.message)
        }
    }

    func throwDifferences() throws(AMQPError) {
        guard !differences.isEmpty else { return }
        throw AMQPError(.preconditionFailed, "\(differences.joined(separator: "\n")); the last step is: sheaf topology apply")
    }

    func close() async { await connection?.close() }
}
