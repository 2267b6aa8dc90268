import AMQP
import Bus
import Messages
import Runtime

/// Brings sessions to the workers: decides by `Admission`, records the session, publishes it and records that. A crash between leaves a
/// session that waits, which the next look publishes.
struct SessionStarter: Sendable {
    let publisher: MessagePublisher
    let envelope: Envelope
    let ledger: Ledger
    let logger: Logger
    let underWay = UnderWay()

    init(publisher: MessagePublisher, envelope: Envelope, ledger: Ledger, logger: Logger) {
        self.publisher = publisher
        self.envelope = envelope
        self.ledger = ledger
        self.logger = logger
    }

    /// Starts what was made, or lets it wait, or skips it.
    ///
    /// - Returns: the answer for whoever asked.
    /// - Throws: `AMQPError` when the broker does not take the message; `SchedulerError` when the ledger cannot be written.
    func start(_ made: SessionFactory.Made) async throws -> Reply {
        switch made {
        case .refused(let code, let message): return .refused(code: code, message: message)
        case .failed(let status, _):
            try await publisher.announce([try message(status, id: "refused")])
            try await ledger.apply([LedgerEvent(status, at: status.requestedAt)])
            logger.warning(
                "a session failed before it began",
                metadata: ["session": .string(status.session.text), "error": .string(status.error ?? "")])
            return .accepted(session: status.session)
        case .batch(let parent, let members):
            // Nil: another task starts it at this moment.
            return try await underWay.once(parent.text) { try await start(batch: parent, members) }
                ?? .acceptedBatch(parent: parent, members: members.compactMap(\.session))
        case .command(let command):
            // Nil: the ticker publishes it at this moment.
            return try await underWay.once(command.id.text) { try await start(command) } ?? .accepted(session: command.id)
        }
    }

    private func start(_ command: SessionCommand) async throws -> Reply {
        let message = try message(command, attempt: 0)
        if let refusal = refusal(of: message) { return refusal }
        let now = Timestamp.now()
        let admitted = try await ledger.admit(command, message: message.body, now: now) { StatusEvent($0, of: command, now: now) }
        switch admitted {
        case .known(let session, let known, let isWaiting):
            return try await startAgain(command, message, session, known: known, isWaiting: isWaiting)
        case .new(.publish): try await publish(command, message)
        case .new(let verdict):
            guard let status = StatusEvent(verdict, of: command, now: now) else { break }
            try await announce(status)
        }
        return .accepted(session: command.id)
    }

    /// Of a message that nobody would read.
    func refusal(of message: OutgoingMessage) -> Reply? {
        guard message.body.count > PoisonError.maximumSession else { return nil }
        return .refused(
            code: .invalid,
            message:
                "the session's message would have \(message.body.count) bytes, at most \(PoisonError.maximumSession) are read:"
                + " shorten the manifests that it carries")
    }

    /// The same request once more: it changes nothing, and whoever asks is told anew.
    func startAgain(
        _ command: SessionCommand, _ message: OutgoingMessage, _ session: LedgerSession, known: [UInt8]?, isWaiting: Bool
    ) async throws -> Reply {
        if let known {
            let earlier = try MessageCoding.decode(CloudEvent<SessionCommand>.self, from: known).data
            guard earlier.request == command.request else {
                return .refused(
                    code: .refused,
                    message:
                        "session \(command.id) was asked for under the same idempotency key with another plan, repository or"
                        + " target; choose another key")
            }
        }
        if isWaiting { return .accepted(session: command.id) }
        if session.phase.isFinal, session.source == .scheduler, let status = StatusEvent(session, indices: []) {
            try await announce(status)
        } else {
            try await publish(command, message)
        }
        return .accepted(session: command.id)
    }

    /// Publishes what has waited and whose turn it is, and ends what has waited for too long or whose plan is gone.
    ///
    /// - Parameters:
    ///   - isGone: whether a plan was removed.
    ///   - notAfter: the moment of the plan's next run, at which a session that no worker has begun makes room for it.
    func release(
        now: Timestamp, isGone: (ResourceKey) -> Bool, notAfter: (SessionCommand) -> Timestamp?
    ) async throws {
        for one in try await ledger.waitingSessions() where one.session.kind == .backup && !one.session.hasTurn {
            guard isGone(one.session.plan) else { continue }
            try await announce(StatusEvent(planOfRemoved: try command(of: one), now: now), recorded: now)
        }
        let (turns, late) = try await ledger.takeTurns(now: now)
        for one in late { try await announce(StatusEvent(tooLong: try command(of: one), now: now), recorded: now) }
        for one in turns {
            var command = try command(of: one)
            // That of the slot may have passed while it waited.
            if command.notAfter != nil { command.notAfter = notAfter(command) }
            // Its time is the batch's, of which some is gone.
            if command.parent != nil {
                command.timeOutSeconds = max(1, command.allowedSeconds - Int((now - command.requestedAt).seconds))
            }
            let ready = command
            _ = try await underWay.once(ready.id.text) {
                // Another task may have come to it first.
                guard try await ledger.isWaiting(ready.id.text) else { return }
                try await publish(ready, try message(ready, attempt: 0))
            }
        }
    }

    private func command(of waiting: Ledger.WaitingSession) throws -> SessionCommand {
        try MessageCoding.decode(CloudEvent<SessionCommand>.self, from: waiting.message).data
    }

    func publish(_ command: SessionCommand, _ message: OutgoingMessage) async throws {
        try await Failpoints.around(.schedulerPublish) { try await publisher.publish(message) }
        let event = LedgerEvent(request: command, message: message.body, publishedAt: .now())
        try await Failpoints.around(.schedulerRecord) { try await ledger.apply([event]) }
        logger.info(
            "a session was published",
            metadata: [
                "session": .string(command.id.text), "invoker": .string("\(command.namespace)/\(command.invoker.name)"),
            ])
    }

    /// Tells followers what the Scheduler itself decided about a session.
    ///
    /// - Parameter recorded: when it is for the ledger too.
    func announce(_ status: StatusEvent, recorded: Timestamp? = nil) async throws {
        let word = status.phase.rawValue.lowercased()
        try await publisher.announce([try message(status, id: word)])
        if let recorded { try await ledger.apply([LedgerEvent(status, at: recorded)]) }
        logger.notice(
            "a session was not published",
            metadata: [
                "session": .string(status.session.text), "invoker": .string("\(status.namespace)/\(status.invoker.name)"),
                "phase": .string(status.phase.rawValue), "reason": .string(status.conditions.last?.message ?? ""),
            ])
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

    func message(_ command: SessionCommand, attempt: Int) throws -> OutgoingMessage {
        try envelope.message(
            command.kind == .backup ? .backupSession : .restoreSession, id: "\(command.id)/session", session: command.id,
            payload: command,
            to: Topology.command, key: RoutingKey.session(command.kind, plan: command.invoker.name), mandatory: true,
            attempt: attempt)
    }

    private func message(_ event: StatusEvent, id: String) throws -> OutgoingMessage {
        try envelope.message(
            .status, id: "\(event.session)/\(id)", session: event.session, payload: event, to: Topology.event,
            key: RoutingKey.status(event.kind, plan: event.invoker.name, phase: event.phase), mandatory: false)
    }
}
