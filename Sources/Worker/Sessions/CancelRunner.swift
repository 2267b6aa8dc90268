import AMQP
import Bus
import Messages
import Runtime
import Sessions

/// One delivery of a cancel: finds the session, puts the abort and ends it.
///
/// Whoever cancels may know no more than the id. A session that this worker cannot find is looked for on others, then given up.
struct CancelRunner {
    /// Workers that are asked for a session that none has found yet, and the longest pause between two, in seconds.
    private static let tries = 3
    private static let pause = 5.0

    private let parts: WorkerParts
    private let delivery: Delivery

    init(_ parts: WorkerParts, delivery: Delivery) {
        self.parts = parts
        self.delivery = delivery
    }

    func run() async {
        let handler = DeliveryHandler(parts, delivery: delivery)
        await handler.run {
            _ = try delivery.replyTo()
            let request = try delivery.event(CancelRequest.self, types: [.cancel]).data
            try check(request)
            guard let command = request.command ?? find(request.session) else {
                return try await lookElsewhere(request, handler)
            }
            let reason = OutcomeEntry.Abort(condition: "Cancelled", message: request.reason ?? "cancelled on request")
            try await SessionRunner(parts, delivery: delivery).run(.cancel(command, reason))
        }
    }

    /// The broker's permissions are on keys, so a key that names another session than the body would go around them. A session's own message
    /// is believed only from those who may write commands.
    private func check(_ request: CancelRequest) throws(PoisonError) {
        let keys = [RoutingKey.cancel(request.session), RoutingKey.triggerCancel(request.session)]
        if delivery.queue == WorkQueue.cancel.name { try delivery.requireKey(RoutingKey.triggerCancel(request.session)) }
        guard keys.contains(delivery.routingKey) else {
            throw PoisonError("a cancel of session \(request.session) came under the key \(delivery.routingKey)")
        }
        guard let command = request.command else { return }
        guard delivery.exchange != Topology.trigger else {
            throw PoisonError("a cancel on \(Topology.trigger) names the session alone, without its command")
        }
        guard command.id == request.session else {
            throw PoisonError("the cancel of session \(request.session) carries the message of session \(command.id)")
        }
    }

    private func find(_ session: SessionID) -> SessionCommand? {
        switch SessionFinder(parts, isCancelled: { [delivery] in !delivery.isSettleable }).find(session) {
        case .found(let command): return command
        case .unknown(let unreachable):
            parts.logger.info(
                "a session to be cancelled was not found here",
                metadata: ["session": .string(session.text), "unreachable": .string(unreachable.joined(separator: "; "))])
            return nil
        }
    }

    private func lookElsewhere(_ request: CancelRequest, _ handler: DeliveryHandler) async throws {
        let attempt = delivery.attempt + 1
        guard attempt < Self.tries else {
            if let replyTo = try delivery.replyTo() {
                let reply = Reply.refused(
                    code: .notFound,
                    message: "no worker that was asked knows session \(request.session): it has not begun, or never was"
                )
                try await parts.publisher.publish(
                    try parts.envelope.message(
                        .reply, id: "\(request.session)/cancel/reply", session: request.session, payload: reply, to: "",
                        key: replyTo,
                        mandatory: false))
            }
            return try await delivery.ack()
        }
        try await handler.retry(
            key: RoutingKey.cancel(request.session), attempt: attempt, error: "session \(request.session) was not found",
            delay: min(parts.settings.retryDelay ?? Self.pause, Self.pause))
    }
}
