import AMQP
import Bus

/// How long one message is tried, by what it says of its own past.
struct Endurance: Equatable {
    /// After so many deliveries in vain a message is not begun again: something in it kills workers.
    private static let givenUpDeliveries = 10
    /// After so many the end of the session is recorded without asking the engine: the first tries to finish it died as well.
    private static let finishedBlindlyDeliveries = 15
    /// Times that a message is tried whose session is decided: finishing waits for a cluster that is out of reach for hours.
    private static let finishingAttempts = 20

    /// Handled failures before this delivery.
    let attempt: Int
    /// Times that the broker handed the message out before and got no answer, in this queue.
    let deliveries: Int
    /// The broker gave the message up.
    let isDeadLetter: Bool
    /// Whoever sent it to be tried again knew of an outcome.
    let isDecided: Bool

    init(attempt: Int, deliveries: Int, isDeadLetter: Bool = false, isDecided: Bool = false) {
        self.attempt = attempt
        self.deliveries = deliveries
        self.isDeadLetter = isDeadLetter
        self.isDecided = isDecided
    }

    init(_ delivery: Delivery, isDeadLetter: Bool) {
        self.init(
            attempt: delivery.attempt, deliveries: Int(clamping: delivery.deliveryCount ?? 0), isDeadLetter: isDeadLetter,
            isDecided: delivery.isDecided)
    }

    /// What the message asks for is not begun again; its session is ended.
    var isGivenUp: Bool { isDeadLetter || deliveries >= Self.givenUpDeliveries }

    /// The session is ended without the engine. The queue of what was given up counts anew.
    var finishesBlindly: Bool {
        deliveries >= Self.finishedBlindlyDeliveries - (isDeadLetter ? Self.givenUpDeliveries : 0)
    }

    /// Whether the message is tried once more after a failure that may pass.
    ///
    /// - Parameters:
    ///   - attempts: times that a message is tried, the first included.
    ///   - isDecided: an outcome of the session stands.
    func allowsRetry(attempts: Int, isDecided: Bool) -> Bool {
        if isDecided || self.isDecided { return attempt + 1 < max(attempts, Self.finishingAttempts) }
        return attempt + 1 < attempts && !isGivenUp
    }
}
