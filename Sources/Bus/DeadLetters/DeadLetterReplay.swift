package import AMQP
import Runtime

/// Puts letters back into the queues that they came from.
///
/// Each is confirmed there before it may be taken from the dead letters: whoever is killed in between leaves it in both places, which
/// receivers know by its id.
package actor DeadLetterReplay {
    private let address: BrokerAddress
    private let publisher: MessagePublisher
    /// Queues that were looked for, and whether they are there.
    private var known: [String: Bool] = [:]

    package init(address: BrokerAddress) {
        self.address = address
        publisher = MessagePublisher(
            address: address, name: "sheaf dead replay", attempts: 3, backoff: Backoff(cap: .seconds(2)))
    }

    /// Returns once the broker has it.
    ///
    /// - Throws: `ReplayRefusal` when the letter has to stay, `AMQPError` when the broker is at fault.
    package func replay(_ letter: DeadLetter, _ delivery: Delivery) async throws {
        let message = try letter.replay(delivery)
        guard let origin = letter.origin else { return }
        guard try await exists(origin) else { throw Self.gone(origin) }
        do {
            try await publisher.publish(message)
        } catch let error as AMQPError {
            if error.code == .returned || error.replyCode == 404 { throw Self.gone(origin) }
            throw error
        }
    }

    package func close() async { await publisher.close() }

    /// A copy may go to other queues by the same key, so that the message alone would not come back as returned.
    private func exists(_ queue: String) async throws(AMQPError) -> Bool {
        if let answer = known[queue] { return answer }
        let connection = try await BrokerConnection.open(address, name: "sheaf dead replay check")
        var answer = true
        do throws(AMQPError) {
            try await connection.declareQueue(queue, passive: true)
        } catch {
            guard error.code == .notFound else { throw error }
            answer = false
        }
        await connection.close()
        known[queue] = answer
        return answer
    }

    private static func gone(_ queue: String) -> ReplayRefusal {
        ReplayRefusal("its queue \(queue) is not there, or not bound; declare what is missing with: sheaf topology apply")
    }
}
