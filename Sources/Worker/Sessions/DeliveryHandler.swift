import AMQP
import Bus
import Runtime

/// What all handlers of deliveries share: no delivery is left unsettled, whatever happens to it.
struct DeliveryHandler {
    private let parts: WorkerParts
    private let delivery: Delivery

    init(_ parts: WorkerParts, delivery: Delivery) {
        self.parts = parts
        self.delivery = delivery
    }

    /// Runs the body, which settles the delivery. What cannot be understood becomes a dead letter; after any other error the broker hands
    /// the delivery out again.
    func run(_ body: () async throws -> Void) async {
        do {
            do {
                try await body()
            } catch let error as PoisonError {
                try await bury(why: error.message)
            }
        } catch {
            await giveBack(why: error)
        }
    }

    /// Moves the delivery to the dead letters, with the reason.
    func bury(why reason: String) async throws {
        parts.logger.warning(
            "a message goes to the dead letters", metadata: ["reason": .string(reason), "queue": .string(delivery.queue)])
        // What came from the dead letters lies there already.
        if delivery.exchange == Topology.dead { return try await delivery.ack() }
        try await parts.publisher.bury(delivery, parts.envelope, reason: reason)
    }

    /// Puts the same message into a retry queue.
    ///
    /// - Parameters:
    ///   - key: the key under which it comes back; nil: its own.
    ///   - delay: upper bound in seconds; nil: the ladder's step.
    ///   - deadline: seconds until the session's end, which the message does not wait beyond.
    ///   - isDecided: an outcome of the session stands.
    func retry(
        key: String? = nil, attempt: Int, error: String, delay: Double?, deadline: Double? = nil, isDecided: Bool = false
    ) async throws {
        var generator = SystemRandomNumberGenerator()
        let message = parts.envelope.retry(
            delivery, key: key, attempt: attempt, error: error, delay: delay, deadline: deadline, isDecided: isDecided,
            using: &generator)
        try await Failpoints.around(.publishRetry) { try await parts.publisher.publish(message) }
        try await Failpoints.around(.ackRetry) { try await delivery.ack() }
    }

    /// The broker hands the delivery out again, not as a fresh one: whoever gets it looks how far the session is.
    private func giveBack(why error: any Error) async {
        parts.logger.error(
            "a delivery is given back", metadata: ["error": .string("\(error)"), "queue": .string(delivery.queue)])
        guard delivery.isSettleable else { return }
        do {
            // Not at once: what stands in the way now would be met again.
            try await Task.sleep(for: .seconds(2))
        } catch {
            parts.logger.debug("stopped while a delivery waited to be given back")
        }
        do {
            try await delivery.nack(requeue: true)
        } catch {
            // Its connection is gone, which gives it back as well.
            parts.logger.debug("a delivery could not be given back", metadata: ["error": .string("\(error)")])
        }
    }
}
