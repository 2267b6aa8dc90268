import AMQP
import Bus
import Messages
import Runtime

/// Publishes sessions and records them, in that order: a session that is known was asked for.
struct SessionStarter: Sendable {
    let publisher: MessagePublisher
    let envelope: Envelope
    let ledger: Ledger
    let logger: Logger

    /// Starts what was made.
    ///
    /// - Returns: the answer for whoever asked.
    /// - Throws: `AMQPError` when the broker does not take the message; `SchedulerError` when the ledger cannot be written.
    func start(_ made: SessionFactory.Made) async throws -> Reply {
        switch made {
        case .refused(let code, let message): return .refused(code: code, message: message)
        case .failed(let status):
            try await publisher.announce([try self.status(status)])
            try await ledger.apply([LedgerEvent(status, at: status.requestedAt)])
            logger.warning(
                "a session failed before it began",
                metadata: ["session": .string(status.session.text), "error": .string(status.error ?? "")])
            return .accepted(session: status.session)
        case .command(let command):
            if let known = try await ledger.message(of: command.id.text) {
                let earlier = try MessageCoding.decode(CloudEvent<SessionCommand>.self, from: known).data
                guard earlier.request == command.request else {
                    return .refused(
                        code: .refused,
                        message:
                            "session \(command.id) was asked for under the same idempotency key with another plan, repository or"
                            + " target; choose another key")
                }
            }
            let message = try self.message(command, attempt: 0)
            guard message.body.count <= PoisonError.maximumSession else {
                return .refused(
                    code: .invalid,
                    message:
                        "the session's message would have \(message.body.count) bytes, at most \(PoisonError.maximumSession) are read:"
                        + " shorten the manifests that it carries")
            }
            try await Failpoints.around(.schedulerPublish) { try await publisher.publish(message) }
            let event = LedgerEvent(request: command, message: message.body)
            try await Failpoints.around(.schedulerRecord) { try await ledger.apply([event]) }
            logger.info(
                "a session was published",
                metadata: [
                    "session": .string(command.id.text), "invoker": .string("\(command.namespace)/\(command.invoker.name)"),
                ])
            return .accepted(session: command.id)
        }
    }

    /// Tells the workers to end a session that one of them may not have begun yet.
    ///
    /// - Parameter message: the session's own, as the ledger keeps it.
    func cancel(_ session: SessionID, reason: String?, message: [UInt8]) async throws {
        let command = try MessageCoding.decode(CloudEvent<SessionCommand>.self, from: message).data
        let request = CancelRequest(session: session, reason: reason, command: command)
        try await publisher.publish(
            try envelope.message(
                .cancel, id: "\(request.session)/cancel", session: request.session, payload: request, to: Topology.command,
                key: RoutingKey.cancel(request.session), mandatory: true))
        logger.info("the cancel of a session was published", metadata: ["session": .string(request.session.text)])
    }

    /// Units of all sessions that wait for a worker.
    func waitingUnits() async throws -> Int {
        var count = 0
        for queue in [WorkQueue.backupUnit, .restoreUnit] { count += try await publisher.messages(in: queue.name) }
        return count
    }

    /// Publishes a session message again, as one that cannot be the first: whoever takes it looks how far the session is.
    func rescue(_ session: Ledger.UnfinishedSession) async throws {
        guard let body = session.message else { return }
        let event = try MessageCoding.decode(CloudEvent<SessionCommand>.self, from: body)
        try await publisher.publish(try message(event.data, attempt: 1))
        try await ledger.apply([LedgerEvent(session: session.session.id, time: .now(), content: .rescue)])
        logger.notice("a quiet session was published again", metadata: ["session": .string(session.session.id)])
    }

    private func message(_ command: SessionCommand, attempt: Int) throws -> OutgoingMessage {
        try envelope.message(
            command.kind == .backup ? .backupSession : .restoreSession, id: "\(command.id)/session", session: command.id,
            payload: command,
            to: Topology.command, key: RoutingKey.session(command.kind, plan: command.invoker.name), mandatory: true,
            attempt: attempt)
    }

    private func status(_ event: StatusEvent) throws -> OutgoingMessage {
        try envelope.message(
            .status, id: "\(event.session)/refused", session: event.session, payload: event, to: Topology.event,
            key: RoutingKey.status(event.kind, plan: event.invoker.name, phase: event.phase), mandatory: false)
    }
}
