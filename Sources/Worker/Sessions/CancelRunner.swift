import AMQP
import Bus
import Messages
import Runtime
import Sessions

/// One delivery of a cancel: finds the session, puts the abort and ends it.
///
/// Whoever cancels may know no more than the id. A session that this worker cannot find is looked for on others, then given up; while
/// something cannot be looked into, as often and as long as any message is tried.
struct CancelRunner {
    /// Workers that are asked for a session that none knows, and the longest pause between two, in seconds.
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
            let command: SessionCommand
            switch request.command.map({ .found($0) }) ?? find(request.session) {
            case .found(let found): command = found
            case .nameless:
                return try await refuse(
                    request, .refused,
                    "session \(request.session) was begun by an older version and cannot be ended by its id alone; it ends by itself at "
                        + "its deadline")
            case .unknown(let unreachable): return try await lookElsewhere(request, unreachable: unreachable, handler)
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

    private func find(_ session: SessionID) -> SessionFinder.Result {
        SessionFinder(
            resources: parts.resources, clusters: parts.clusters, repositories: parts.repositories, logger: parts.logger,
            isCancelled: { [delivery] in !delivery.isSettleable }
        ).find(session)
    }

    private func lookElsewhere(_ request: CancelRequest, unreachable: [String], _ handler: DeliveryHandler) async throws {
        let gaps = unreachable.joined(separator: "; ")
        parts.logger.info(
            "a session to be cancelled was not found here",
            metadata: ["session": .string(request.session.text), "unreachable": .string(gaps)])
        let attempt = delivery.attempt + 1
        let tries = unreachable.isEmpty ? Self.tries : max(Self.tries, parts.settings.attempts)
        guard attempt < tries else {
            guard unreachable.isEmpty else {
                return try await refuse(
                    request, .unreachable, "could not look everywhere for session \(request.session): \(gaps.prefix(2000))")
            }
            return try await refuse(
                request, .notFound,
                "no worker that was asked knows session \(request.session): it has not begun, or never was")
        }
        // Another worker is asked soon; a cluster that is out of reach is waited for.
        let pause = min(parts.settings.retryDelay ?? Self.pause, Self.pause)
        try await handler.retry(
            key: RoutingKey.cancel(request.session), attempt: attempt,
            error: "session \(request.session) was not found" + (gaps.isEmpty ? "" : "; could not look into \(gaps)"),
            delay: unreachable.isEmpty ? pause : parts.settings.retryDelay)
    }

    private func refuse(_ request: CancelRequest, _ code: RefusalCode, _ message: String) async throws {
        if let replyTo = try delivery.replyTo() {
            let answer = try parts.envelope.message(
                .reply, id: "\(request.session)/cancel/reply", session: request.session,
                payload: Reply.refused(code: code, message: message), to: "", key: replyTo, mandatory: false)
            try await parts.publisher.announce([answer])
        }
        try await delivery.ack()
    }
}
